//! In every scrape counter and histogram are equal, whatever happens meanwhile.

use super::{USERS, small_buckets};
use crate::support::{
    CLASSIC, Ending, OPEN_METRICS, Scrape, ScriptedBody, TestLayer, handle, http1, request, served,
    text, until,
};
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use prometheus_client::registry::Registry;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::{Exposition, MetricsLayer, ResponseBody, RouteTemplate};

/// That what one scrape says fits together: counter and histogram are equal, buckets only go up.
fn assert_consistent(text: &str) {
    let scrape = Scrape::parse(text);
    let mut buckets = BTreeMap::<&str, Vec<(&str, f64)>>::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("http_request_duration_seconds_bucket{le=\"") {
            let (le, rest) = rest.split_once("\",").unwrap();
            let (labels, value) = rest.rsplit_once(' ').unwrap();
            let bucket = (le, value.parse().unwrap());
            buckets.entry(labels).or_default().push(bucket);
        }
    }
    for (labels, buckets) in &buckets {
        let (last, count) = *buckets.last().unwrap();
        assert_eq!(last, "+Inf");
        assert!(buckets.is_sorted_by_key(|(_, value)| *value), "{buckets:?}");
        for family in ["http_requests_total", "http_request_duration_seconds_count"] {
            let series = format!("{family}{{{labels}");
            assert_eq!(scrape.0.get(&series), Some(&count), "{series}");
        }
    }
    let of_counter = |series: &&String| series.starts_with("http_requests_total{");
    assert_eq!(scrape.0.keys().filter(of_counter).count(), buckets.len());
}

#[tokio::test]
async fn in_every_scrape_counter_and_histogram_are_equal_and_buckets_go_up() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    for _ in 0..3 {
        driven.drive_all().await;
        assert_consistent(&text(&exposition, CLASSIC).await);
    }
}

/// Requests that end at once, one for each ending and then again until it is told to stop: how often.
fn load(layer: &MetricsLayer, stop: &AtomicBool) -> u32 {
    let answer = |request: Request<Ending>| {
        handle(request).map(|result| {
            result.map(|mut response| {
                if response.status() == StatusCode::NOT_FOUND {
                    let renamed = RouteTemplate::new("/renamed");
                    response.extensions_mut().insert(renamed);
                }
                response
            })
        })
    };
    let mut service = layer.layer(service_fn(answer));
    let endings = [
        Ending::Answer(200),
        Ending::Answer(404),
        Ending::LeftBeforeHead,
        Ending::LeftInBody,
        Ending::BodyFails,
        Ending::ServiceFails,
    ];
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        for ending in endings {
            end_at_once(&mut service, ending);
        }
        rounds += 1;
    }
    rounds
}

fn end_at_once<S>(service: &mut S, ending: Ending)
where
    S: Service<
            Request<Ending>,
            Response = Response<ResponseBody<ScriptedBody>>,
            Error = &'static str,
        >,
{
    let request = Request::builder().extension(USERS).body(ending).unwrap();
    let future = service.call(request);
    if let Ending::LeftBeforeHead = ending {
        return;
    }
    let Some(Ok(response)) = future.now_or_never() else {
        return;
    };
    let mut body = response.into_body();
    while let Some(Some(Ok(_))) = body.frame().now_or_never() {
        if let Ending::LeftInBody = ending {
            return;
        }
    }
}

#[tokio::test]
async fn under_load_every_scrape_fits_together_and_nothing_goes_down() {
    const IN_FLIGHT: &str = r#"http_requests_in_flight{method="GET",route="/users/{id}"}"#;
    // The clock of the machine: a mock is one word for all threads.
    let (layer, exposition) = MetricsLayer::pair();
    // In flight all the time.
    let mut service = layer.layer(service_fn(handle));
    let held = [(); 3].map(|()| {
        let request = Request::builder().extension(USERS);
        service.call(request.body(Ending::LeftBeforeHead).unwrap())
    });
    let stop = Arc::new(AtomicBool::new(false));
    let threads = [(); 8].map(|()| {
        let (layer, stop) = (layer.clone(), stop.clone());
        thread::spawn(move || load(&layer, &stop))
    });
    // On a busy machine all scrapes could be over before the first of them runs.
    let is_loaded = || async { Scrape::of(&exposition).await.sum("http_requests_total") > 0.0 };
    until("the first request", is_loaded).await;
    let mut before = Scrape::default();
    for _ in 0..200 {
        let text = text(&exposition, CLASSIC).await;
        assert_consistent(&text);
        let now = Scrape::parse(&text);
        for (series, value) in &before.0 {
            let is_gauge = series.starts_with("http_requests_in_flight");
            assert!(is_gauge || now.get(series) >= *value, "{series} goes down");
        }
        assert!(now.0.values().all(|value| *value >= 0.0));
        assert!(now.get(IN_FLIGHT) >= 3.0, "{}", now.get(IN_FLIGHT));
        before = now;
    }
    assert!(before.sum("http_requests_total") > 0.0);
    stop.store(true, Ordering::Relaxed);
    let rounds = threads.map(|thread| thread.join().unwrap());

    let end = Scrape::of(&exposition).await;
    let each = f64::from(rounds.iter().sum::<u32>());
    let total = |family: &str, route: &str, label: &str| {
        end.get(&format!(
            r#"{family}{{method="GET",route="{route}",{label}}}"#
        ))
    };
    let requests = |route, label| total("http_requests_total", route, label);
    assert_eq!(requests("/users/{id}", r#"status="200""#), 3.0 * each);
    assert_eq!(requests("/users/{id}", r#"status="499""#), each);
    assert_eq!(requests("/users/{id}", r#"status="500""#), each);
    assert_eq!(requests("/renamed", r#"status="404""#), each);
    assert_eq!(end.sum("http_requests_total"), 6.0 * each);
    let errors = |label| total("http_errors_total", "/users/{id}", label);
    assert_eq!(errors(r#"error="body""#), each);
    assert_eq!(errors(r#"error="service""#), each);
    assert_eq!(end.sum("http_errors_total"), 2.0 * each);
    let cancelled = |label| total("http_requests_cancelled_total", "/users/{id}", label);
    assert_eq!(cancelled(r#"phase="head""#), each);
    assert_eq!(cancelled(r#"phase="body""#), each);
    assert_eq!(end.sum("http_requests_cancelled_total"), 2.0 * each);
    assert_eq!(end.get(IN_FLIGHT), 3.0);
    drop(held);
    assert_eq!(Scrape::of(&exposition).await.get(IN_FLIGHT), 0.0);
}

#[tokio::test]
async fn routes_that_are_first_seen_during_a_scrape_have_their_names() {
    let (layer, exposition) = MetricsLayer::pair();
    let stop = Arc::new(AtomicBool::new(false));
    let thread = thread::spawn({
        let stop = stop.clone();
        move || {
            let mut service = layer.layer(service_fn(handle));
            let mut routes = 0;
            while routes < 2_000 && !stop.load(Ordering::Relaxed) {
                let name: &'static str = Box::leak(format!("/{routes}").into());
                let request = Request::builder().extension(RouteTemplate::new(name));
                let request = request.body(Ending::LeftBeforeHead);
                drop(service.call(request.unwrap()));
                routes += 1;
            }
            routes
        }
    });
    while !thread.is_finished() {
        text(&exposition, CLASSIC).await;
    }
    stop.store(true, Ordering::Relaxed);
    let routes = thread.join().unwrap();
    let end = Scrape::of(&exposition).await;
    for route in 0..routes {
        let labels = format!(r#"{{method="GET",route="/{route}",status="499"}}"#);
        let series = format!("http_requests_total{labels}");
        assert_eq!(end.0.get(&series), Some(&1.0), "{series}");
    }
    assert_eq!(end.sum("http_requests_total"), f64::from(routes));
}

/// Routes enough for a scrape of many chunks.
async fn drive_many(driven: &TestLayer<()>, routes: usize) {
    for n in 0..routes {
        let name: &'static str = Box::leak(format!("/route/{n:04}/{{id}}").into());
        let route = RouteTemplate::new(name);
        driven
            .drive(Method::GET, route, 1, Ending::Answer(200))
            .await;
    }
}

#[tokio::test]
async fn a_scrape_of_many_chunks_is_whole() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    drive_many(&driven, 2_000).await;
    let mut sender = http1(served(exposition.clone()).await).await;
    for dialect in [CLASSIC, OPEN_METRICS] {
        let mut request = request("GET", "/metrics");
        request
            .headers_mut()
            .insert("accept", dialect.parse().unwrap());
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.len() > 1_000_000);
        let body = std::str::from_utf8(&body).unwrap();
        assert!(body.ends_with(if dialect == OPEN_METRICS {
            "\n# EOF\n"
        } else {
            "http_label_sets 2000\n"
        }));
        assert_eq!(
            body.matches("# EOF").count(),
            usize::from(dialect == OPEN_METRICS)
        );

        let scrape = Scrape::parse(body.trim_end_matches("# EOF\n"));
        // Counter, sum, count, three buckets and the gauge.
        assert_eq!(scrape.0.len(), 7 * 2_000);
        for n in 0..2_000 {
            let route = format!(r#"method="GET",route="/route/{n:04}/{{id}}""#);
            let of = |name: &str| scrape.0.get(&format!("{name}{{{route},status=\"200\"}}"));
            assert_eq!(of("http_requests_total"), Some(&1.0));
            assert_eq!(of("http_request_duration_seconds_count"), Some(&1.0));
            assert_eq!(of("http_request_duration_seconds_sum"), Some(&0.001));
        }
    }
}

/// Scrapes, with something else to do at each turn that the scrape gives to others: the text, and the turns.
async fn scrape_between(exposition: &Exposition, others: impl AsyncFn(u16)) -> (String, u16) {
    let mut scrape = exposition.clone().oneshot(Request::new(())).boxed();
    let mut turns = 0;
    let response = loop {
        if let Some(response) = (&mut scrape).now_or_never() {
            break response.unwrap();
        }
        turns += 1;
        others(turns).await;
    };
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (String::from_utf8(body.into()).unwrap(), turns)
}

#[tokio::test]
async fn a_large_scrape_is_written_in_pieces_between_which_others_get_their_turn() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    drive_many(&driven, 2_000).await;
    let (text, turns) = scrape_between(&exposition, async |_| {
        let answer = Ending::Answer(200);
        driven.drive(Method::GET, USERS, 1, answer).await;
    })
    .await;
    assert!(turns >= 4, "{turns}");
    assert_consistent(&text);
    assert!(Scrape::parse(&text).sum("http_requests_total") >= 2_000.0);
}

#[tokio::test]
async fn requests_that_come_and_go_between_the_pieces_of_a_scrape_are_not_in_flight() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    drive_many(&driven, 2_000).await;
    let (text, _) = scrape_between(&exposition, async |turn| {
        // At every second turn with a status that was not there before.
        for status in [200, 300 + turn / 2 % 100] {
            let answer = Ending::Answer(status);
            driven.drive(Method::GET, USERS, 50, answer).await;
        }
    })
    .await;
    assert_consistent(&text);
    assert_eq!(Scrape::parse(&text).sum("http_requests_in_flight"), 0.0);
}

/// A layer around a service that never answers, under routes that are told.
fn waiting(layer: &MetricsLayer, route: String) -> impl Future + Unpin + use<> {
    let route = RouteTemplate::new(route.leak());
    let request = Request::get("/").extension(route).body(()).unwrap();
    let never = |_: Request<()>| pending::<Result<Response<ScriptedBody>, Infallible>>();
    Box::pin(layer.layer(service_fn(never)).call(request))
}

#[tokio::test]
async fn a_request_that_ends_during_a_scrape_is_in_flight_or_counted() {
    // However far the scrape is when the first request of a label set ends.
    for polls in 0..20 {
        let (layer, mut exposition) = MetricsLayer::pair();
        let request = waiting(&layer, String::from("/slow"));
        let mut scrape = exposition.call(Request::new(()));
        let mut early = None;
        for _ in 0..polls {
            early = early.or((&mut scrape).now_or_never());
            if early.is_some() {
                break;
            }
        }
        drop(request);
        let response = match early {
            Some(response) => response,
            None => scrape.await,
        };
        let body = response.unwrap().into_body().collect().await.unwrap();
        let text = String::from_utf8(body.to_bytes().into()).unwrap();
        let scrape = Scrape::parse(&text);
        let in_flight = scrape.get(r#"http_requests_in_flight{method="GET",route="/slow"}"#);
        let counted = scrape.sum("http_requests_total");
        assert!(in_flight + counted >= 1.0, "{polls}: {text}");
    }
}

#[test]
fn encodings_of_one_registry_from_several_threads_do_not_mix_up_series() {
    let mut registry = Registry::default();
    let layer = MetricsLayer::builder().register(&mut registry).unwrap();
    let held: Vec<_> = (0..5)
        .map(|_| waiting(&layer, String::from("/held")))
        .collect();
    let done = AtomicBool::new(false);
    let encode = || {
        while !done.load(Ordering::Relaxed) {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
            let mut gauges = text
                .lines()
                .filter(|line| line.starts_with("http_requests_in_flight{"));
            let held = r#"http_requests_in_flight{method="GET",route="/held"} 5"#;
            assert!(
                gauges.all(|line| line == held || !line.ends_with(" 5")),
                "{text}"
            );
        }
    };
    thread::scope(|scope| {
        (0..3).for_each(|_| {
            scope.spawn(encode);
        });
        for n in 0..1_000 {
            let mut request = waiting(&layer, format!("/a{n:04}"));
            assert!((&mut request).now_or_never().is_none());
        }
        done.store(true, Ordering::Relaxed);
    });
    drop(held);
}
