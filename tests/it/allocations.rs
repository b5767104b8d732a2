//! What a request costs the allocator: beyond a layer that wraps all and does nothing, nothing.
#[path = "../../benches/support/mod.rs"]
mod bench;

use self::bench::{NothingLayer, drive, routes, serve, served, targets};
use allocation_counter::{AllocationInfo, measure};
use axum::{Router, body::Body};
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, Operation};

/// Of requests to a router that has seen them before.
fn steady(router: Router) -> AllocationInfo {
    let (router, targets) = (served(router), targets());
    drive(&router, &targets, targets.len());
    measure(|| drive(&router, &targets, 10 * targets.len()))
}

#[test]
fn a_request_allocates_no_more_often_than_with_a_layer_that_does_nothing() {
    let nothing = steady(routes().layer(NothingLayer));
    let layer = steady(routes().layer(MetricsLayer::pair().0));
    assert_eq!(layer.count_total, nothing.count_total);
}

#[test]
fn what_can_be_turned_on_allocates_nothing_either() {
    let nothing = steady(routes().layer(NothingLayer));
    let options: [fn(MetricsLayerBuilder) -> MetricsLayerBuilder; 8] = [
        |builder| builder.label("label", ["a", "b"], |_| Some("b")),
        |builder| builder.label_up_to("label", 5, |_| Some("known")),
        |builder| builder.response_label("label", ["a", "b"], |_| Some("b")),
        |builder| builder.response_label_up_to("label", 5, |_| Some("known")),
        MetricsLayerBuilder::time_to_first_byte,
        MetricsLayerBuilder::response_body_bytes,
        MetricsLayerBuilder::request_body_bytes,
        |builder| builder.http_version(),
    ];
    for (index, option) in options.iter().enumerate() {
        let (metrics, _) = option(MetricsLayer::builder()).pair().unwrap();
        let layer = steady(routes().layer(metrics));
        assert_eq!(layer.count_total, nothing.count_total, "option {index}");
    }
}

#[test]
fn an_operation_allocates_nothing() {
    let (_, exposition) = MetricsLayer::pair();
    let query = Operation::builder("query").labels(["table"]);
    let query = query.expose_on(&exposition).unwrap();
    let run = || {
        let _ = query
            .with(["users"])
            .run(async { Ok::<_, ()>(1) })
            .now_or_never();
        query.start(["users"]).ok();
        query.start(["users"]).fail("timeout");
        drop(query.start(["users"]));
    };
    run();
    assert_eq!(measure(|| (0..10).for_each(|_| run())).count_total, 0);
}

#[test]
fn around_a_plain_service_a_request_allocates_nothing() {
    let (layer, _) = MetricsLayer::pair();
    let mut service = layer.layer(service_fn(answer));
    let mut requests = (0..100).map(|_| Request::new(Body::empty()));
    serve(&mut service, requests.next().unwrap());
    let requests: Vec<_> = requests.collect();
    let allocated = measure(|| {
        for request in requests {
            serve(&mut service, request);
        }
    });
    // What axum takes for the empty bodies themselves.
    let bodies = measure(|| (0..99).for_each(|_| drop(Response::new(Body::empty()))));
    assert_eq!(allocated.count_total, bodies.count_total);
}

#[test]
fn applying_and_cloning_a_layer_allocate_nothing() {
    let (layer, _) = MetricsLayer::pair();
    let service = layer.layer(());
    let allocated = measure(|| {
        for _ in 0..10 {
            let _ = (layer.clone().layer(()), service.clone());
        }
    });
    assert_eq!(allocated.count_total, 0);
}

/// Scrapes without a runtime.
fn scrape(exposition: Exposition) -> String {
    let mut scrape = pin!(async {
        let response = exposition.oneshot(Request::new(())).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    });
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(bytes) = scrape.as_mut().poll(&mut cx) {
            return String::from_utf8(bytes.into()).unwrap();
        }
    }
}

async fn answer(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::empty()))
}

/// What is left of a layer that was built, used once, scraped and dropped.
fn leaked() -> i64 {
    let use_once = || {
        let (layer, exposition) = MetricsLayer::pair();
        serve(
            &mut layer.layer(service_fn(answer)),
            Request::new(Body::empty()),
        );
        assert!(scrape(exposition).ends_with("http_label_sets 1\n"));
    };
    // What the process and the thread need once: the clock's calibration, the lease, a spare box.
    use_once();
    measure(use_once).bytes_current
}

#[test]
fn a_layer_that_was_used_once_leaks_little_so_that_tests_can_build_thousands() {
    let leaked = leaked();
    assert!((1..=12 * 1024).contains(&leaked), "{leaked} bytes");
}

#[test]
fn a_burst_of_requests_is_all_in_flight_and_leaves_little_memory() {
    const REQUESTS: usize = 6_000;
    let (layer, exposition) = MetricsLayer::pair();
    let mut service = layer.layer(service_fn(answer));
    let in_flight = |text: &str, requests: usize| {
        let sample = r#"http_requests_in_flight{method="GET",route="_unmatched"}"#;
        text.contains(&format!("{sample} {requests}\n"))
    };
    let mut burst = || {
        let futures: Vec<_> = (0..REQUESTS)
            .map(|_| service.call(Request::new(Body::empty())))
            .collect();
        assert!(in_flight(&scrape(exposition.clone()), REQUESTS));
        drop(futures);
        assert!(in_flight(&scrape(exposition.clone()), 0));
    };
    let most = 400 * REQUESTS as i64 + 200 * 1024;
    for _ in 0..2 {
        let held = measure(&mut burst).bytes_current;
        assert!(held < most, "{held} bytes");
    }
}

#[test]
fn requests_that_always_end_on_another_thread_do_not_pile_up_there() {
    const REQUESTS: usize = 5_000;
    let (layer, exposition) = MetricsLayer::pair();
    let mut service = layer.layer(service_fn(answer));
    let (sender, receiver) = std::sync::mpsc::sync_channel(REQUESTS);
    let ends = std::thread::spawn(move || {
        let held = measure(|| {
            for future in receiver {
                drop(future);
            }
        });
        held.bytes_current
    });
    for _ in 0..REQUESTS {
        sender
            .send(service.call(Request::new(Body::empty())))
            .unwrap();
    }
    drop(sender);
    let held = ends.join().unwrap();
    // Beside a shard, at most 512 of them.
    assert!(held < 160 * 1024, "{held} bytes");
    let text = scrape(exposition);
    let cancelled =
        r#"http_requests_cancelled_total{method="GET",route="_unmatched",phase="head"} 5000"#;
    assert!(text.contains(cancelled), "{text}");
}
