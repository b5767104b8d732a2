//! A path becomes a route once it is proven, and whoever invents paths leaves no trace.

use crate::support::{
    ScriptedBody,
    Step::{self, Bytes, End, Error, Panic, Status},
    TestLayer,
    grpc::{cancelled, complete, failed},
    grpc_service::raw,
    read, serve_hyper, settled,
};
use allocation_counter::measure;
use http::{Request, Response};
use hyper::body::Incoming;
use std::{
    convert::Infallible,
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind},
};
use tower::{Layer, service_fn};
use tower_red::{MetricsLayer, MetricsLayerBuilder, RouteTemplate};

const ROUTE: &str = "/pkg.Svc/Method";
const CALLS: RouteTemplate = RouteTemplate::new("/calls");
const OK: Step = Status("0");

/// How many paths a client invents.
const INVENTED: usize = match cfg!(debug_assertions) {
    true => 50_000,
    false => 200_000,
};

fn call_to(path: &str) -> Request<()> {
    let request = Request::post(path).header("content-type", "application/grpc");
    request.body(()).unwrap()
}

fn answer(script: &[Step]) -> Response<ScriptedBody> {
    let head = Response::builder().header("content-type", "application/grpc");
    head.body(ScriptedBody::new(script)).unwrap()
}

fn with_template<T>(mut response: Response<T>) -> Response<T> {
    response.extensions_mut().insert(CALLS);
    response
}

/// Has a client invent paths, each of which is answered in that way, and checks that nothing is kept of them.
/// Says of how many series they are.
async fn keeps_nothing(
    builder: MetricsLayerBuilder,
    exchange: impl Fn(&TestLayer, Request<()>, usize),
) -> usize {
    let layer = TestLayer::new(builder);
    let invent = |n: usize| exchange(&layer, call_to(&format!("/pkg.Svc/Method{n}")), n);
    // What is there for good, or until the budget is spent.
    (0..1_000).for_each(invent);
    let kept = measure(|| (1_000..1_000 + INVENTED).for_each(invent));
    assert!(kept.bytes_current < 1_000, "kept {}", kept.bytes_current);

    let scrape = layer.scrape().await;
    assert_eq!(scrape.sum("http_requests_in_flight"), 0.0);
    let series = scrape.0.keys();
    let totals = series.filter(|series| series.starts_with("http_requests_total"));
    totals.count()
}

#[tokio::test]
async fn a_service_that_names_its_own_route_and_is_always_ok_leaves_nothing_of_invented_paths() {
    let builders: [fn() -> MetricsLayerBuilder; 3] = [
        MetricsLayer::builder,
        || MetricsLayer::builder().grpc_service("pkg.Svc"),
        || MetricsLayer::builder().skip([ROUTE]).routes(["/calls"]),
    ];
    for builder in builders {
        let series = keeps_nothing(builder(), |layer, call, _| {
            let response = with_template(answer(&[Bytes(4), OK]));
            read(layer.respond(call, response).into_body());
        });
        assert_eq!(series.await, 1);
    }
}

#[tokio::test]
async fn an_outer_layer_that_names_the_route_leaves_nothing_of_invented_paths() {
    let builders: [(fn() -> MetricsLayerBuilder, usize); 3] = [
        (MetricsLayer::builder, 1),
        (|| MetricsLayer::builder().grpc_service("pkg.Svc"), 1),
        (|| MetricsLayer::builder().skip(["/calls"]), 0),
    ];
    for (builder, expected) in builders {
        let series = keeps_nothing(builder(), |layer, mut call, _| {
            call.extensions_mut().insert(CALLS);
            read(layer.respond(call, answer(&[Bytes(4), OK])).into_body());
        });
        assert_eq!(series.await, expected);
    }
}

#[tokio::test]
async fn past_the_budget_of_label_sets_nothing_is_left_of_invented_paths() {
    let budget = || MetricsLayer::builder().max_label_sets(10);
    for builder in [budget(), budget().grpc_service("pkg.Svc")] {
        let series = keeps_nothing(builder, |layer, call, _| {
            read(layer.respond(call, answer(&[Bytes(4), OK])).into_body());
        });
        // The budget, and what overflowed.
        let series = series.await;
        assert!(series <= 11, "{series}");
    }
}

#[tokio::test]
async fn calls_that_are_not_ok_leave_nothing_of_invented_paths() {
    const NOT_FOUND: Step = Status("5");
    for builder in [
        MetricsLayer::builder(),
        MetricsLayer::builder().grpc_service("pkg.Svc"),
    ] {
        let series = keeps_nothing(builder, |layer, call, n| match n % 4 {
            0 => drop(layer.never(call)),
            1 => drop(layer.respond(call, answer(&[Bytes(4)]))),
            2 => read(layer.respond(call, answer(&[Error])).into_body()),
            _ => read(layer.respond(call, answer(&[NOT_FOUND])).into_body()),
        });
        assert_eq!(series.await, 4);
    }
}

#[tokio::test]
async fn over_a_socket_invented_paths_add_no_series_beyond_the_service_s_own_route() {
    let (metrics, exposition) = MetricsLayer::pair();
    let service = service_fn(|_: Request<Incoming>| {
        ready(Ok::<_, Infallible>(with_template(answer(&[Bytes(4), OK]))))
    });
    let address = serve_hyper(metrics.layer(service)).await;
    let mut client = raw(address).await;
    for n in 0..1_000 {
        let request = Request::post(format!("http://localhost/pkg.Svc/Method{n}"));
        let request = request.header("content-type", "application/grpc");
        client = client.ready().await.unwrap();
        let sent = client.send_request(request.body(()).unwrap(), true);
        let mut body = sent.unwrap().0.await.unwrap().into_body();
        while let Some(data) = body.data().await {
            data.unwrap();
        }
        assert_eq!(body.trailers().await.unwrap().unwrap()["grpc-status"], "0");
    }
    let scrape = settled(&exposition).await;
    let totals = scrape.0.iter();
    let totals = totals.filter(|(series, _)| series.starts_with("http_requests_total"));
    let expected =
        r#"http_requests_total{method="POST",route="/calls",status="200",grpc_status="OK"}"#;
    assert_eq!(
        totals.collect::<Vec<_>>(),
        [(&expected.to_owned(), &1_000.0)]
    );
}

#[tokio::test]
async fn a_call_proves_its_path_only_if_it_is_counted_under_it() {
    let layer = TestLayer::default();
    let not_found = || answer(&[Status("5")]);
    for _ in 0..2 {
        layer
            .counts(complete("/calls", "200", "OK"), || {
                let response = with_template(answer(&[Bytes(4), OK]));
                read(layer.respond(call_to(ROUTE), response).into_body());
            })
            .await;
        layer
            .counts(complete("_unmatched", "200", "NOT_FOUND"), || {
                read(layer.respond(call_to(ROUTE), not_found()).into_body());
            })
            .await;
    }
    layer
        .counts(complete(ROUTE, "200", "OK"), || {
            read(layer.respond(call_to(ROUTE), answer(&[OK])).into_body());
        })
        .await;
    layer
        .counts(complete(ROUTE, "200", "NOT_FOUND"), || {
            read(layer.respond(call_to(ROUTE), not_found()).into_body());
        })
        .await;
}

/// What its head says is not how it ended.
#[tokio::test]
async fn a_call_proves_its_path_at_its_end_and_not_with_its_head() {
    let layer = TestLayer::default();
    let ok_in_head = |script: &[Step]| {
        let mut response = answer(script);
        let zero = http::HeaderValue::from_static("0");
        response.headers_mut().insert("grpc-status", zero);
        response
    };
    for (script, expected) in [
        (
            &[Bytes(4), Error][..],
            failed("_unmatched", "200", "UNKNOWN", "body"),
        ),
        (
            &[Bytes(4), Panic],
            failed("_unmatched", "200", "UNKNOWN", "panic"),
        ),
        (&[Bytes(4)], cancelled("_unmatched", "200", "body")),
        (
            &[Bytes(4), Status("5")],
            complete("_unmatched", "200", "NOT_FOUND"),
        ),
    ] {
        layer
            .counts(expected, || {
                let body = layer
                    .respond(call_to(ROUTE), ok_in_head(script))
                    .into_body();
                let _ = catch_unwind(AssertUnwindSafe(|| read(body)));
            })
            .await;
    }
    layer
        .counts(complete(ROUTE, "200", "OK"), || {
            let response = ok_in_head(&[End]);
            read(layer.respond(call_to(ROUTE), response).into_body());
        })
        .await;
}
