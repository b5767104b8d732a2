//! Many threads count at once: nothing is lost, and every scrape on the way fits together.

use crate::support::{Scrape, text};
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use std::{
    convert::Infallible,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Waker},
    thread,
};
use tower::{Layer, Service, service_fn};
use tower_red::{Exposition, Metrics, MetricsLayer, RouteTemplate, TraceId};

const THREADS: usize = 8;
/// A million with optimisations, with which `.ci/run` runs this too.
const REQUESTS: usize = if cfg!(debug_assertions) {
    20_000
} else {
    1_000_000
};
const ROUTES: [RouteTemplate; 4] = [
    RouteTemplate::new("/a"),
    RouteTemplate::new("/b/{id}"),
    RouteTemplate::new("/c"),
    RouteTemplate::new("/renamed"),
];

/// Answers with the status that it is asked for, under another name if the route is the last.
async fn answer(request: Request<u16>) -> Result<Response<Empty<&'static [u8]>>, Infallible> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::from_u16(*request.body()).unwrap();
    if request.extensions().get() == Some(&ROUTES[3]) {
        response.extensions_mut().insert(ROUTES[0]);
    }
    Ok(response)
}

type Answer<F> = Metrics<tower::util::ServiceFn<fn(Request<u16>) -> F>>;

/// One request, which the thread that it is sent from also ends.
fn send<F>(service: &mut Answer<F>, n: usize)
where
    F: Future<Output = Result<Response<Empty<&'static [u8]>>, Infallible>>,
{
    let status = if n % 10 == 0 { 503 } else { 200 };
    let request = Request::builder()
        .extension(ROUTES[n % 4])
        .header("x-tenant", n % 35)
        .body(status)
        .unwrap();
    let mut future = pin!(service.call(request));
    // One in sixteen is dropped before its head.
    if n % 16 != 1 {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(_))));
    }
}

fn service<F>(layer: &MetricsLayer, answer: fn(Request<u16>) -> F) -> Answer<F> {
    layer.layer(service_fn(answer))
}

/// All threads send all requests, while another one scrapes and compares.
fn send_all(layer: &MetricsLayer, exposition: &Exposition) {
    let running = AtomicUsize::new(THREADS);
    let scrapes = thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut service = service(layer, answer);
                (0..REQUESTS).for_each(|n| send(&mut service, n));
                running.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let scraper = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let mut before = Scrape::default();
            let mut scrapes = 0;
            while running.load(Ordering::Relaxed) > 0 {
                before = runtime.block_on(check(exposition, &before));
                scrapes += 1;
            }
            scrapes
        });
        scraper.join().unwrap()
    });
    println!("{THREADS} x {REQUESTS} requests, {scrapes} scrapes on the way");
}

#[tokio::test]
async fn threads_that_count_at_once_lose_nothing_and_every_scrape_fits_together() {
    let (layer, exposition) = MetricsLayer::pair();
    send_all(&layer, &exposition);
    let end = Scrape::of(&exposition).await;
    let sent = |wanted: &dyn Fn(usize) -> bool| {
        (THREADS * (0..REQUESTS).filter(|n| wanted(*n)).count()) as f64
    };
    let dropped = |n: usize| n % 16 == 1;
    assert_eq!(end.sum("http_requests_total"), sent(&|_| true));
    assert_eq!(
        end.sum("http_request_duration_seconds_count"),
        sent(&|_| true)
    );
    assert_eq!(end.sum("http_requests_cancelled_total"), sent(&dropped));
    assert_eq!(
        end.sum("http_errors_total"),
        sent(&|n| n % 10 == 0 && !dropped(n))
    );
    let of_first = r#"http_requests_total{method="GET",route="/a",status="200"}"#;
    let renamed_or_first = |n: usize| (n % 4 == 0 || n % 4 == 3) && n % 10 != 0;
    assert_eq!(
        end.get(of_first),
        sent(&|n| renamed_or_first(n) && !dropped(n))
    );
    assert_eq!(end.sum("http_requests_in_flight"), 0.0);
}

/// A label whose values are more than the budget has room for.
#[tokio::test]
async fn labels_and_a_budget_that_is_too_small_lose_nothing_either() {
    const BUDGET: usize = 20;
    let builder = MetricsLayer::builder()
        .label_up_to("tenant", 30, |head| head.header("x-tenant"))
        .response_start()
        .exemplar(|_| TraceId::from_bytes([7; 16]))
        .max_label_sets(BUDGET);
    let (layer, exposition) = builder.pair().unwrap();
    send_all(&layer, &exposition);
    let end = Scrape::of(&exposition).await;
    let all = (THREADS * REQUESTS) as f64;
    assert_eq!(end.sum("http_requests_total"), all);
    assert_eq!(end.sum("http_request_duration_seconds_count"), all);
    assert_eq!(end.sum("http_requests_in_flight"), 0.0);
    let (mut answered, mut overflowed, mut within) = (0.0, 0.0, 0);
    for (series, value) in &end.0 {
        if series.starts_with("http_response_start_seconds_count{") {
            answered += value;
        }
        if series.starts_with("http_requests_total{") {
            match series.contains(r#"route="_overflow""#) {
                true => overflowed += value,
                false => within += 1,
            }
        }
    }
    let dropped = THREADS * (0..REQUESTS).filter(|n| n % 16 == 1).count();
    assert_eq!(answered, all - dropped as f64);
    assert!(within <= BUDGET, "{within}");
    let text = text(&exposition, "text/plain").await;
    let told = format!("http_overflowed_requests_total {overflowed}");
    assert!(
        overflowed > 0.0 && text.lines().any(|line| line == told),
        "{text}"
    );
}

/// Scrapes, and compares with the scrape before.
async fn check(exposition: &Exposition, before: &Scrape) -> Scrape {
    let text = text(exposition, "text/plain").await;
    let now = Scrape::parse(&text);
    for (series, value) in &before.0 {
        let gauge = series.starts_with("http_requests_in_flight");
        assert!(gauge || now.get(series) >= *value, "{series} went down");
    }
    for (series, value) in &now.0 {
        if let Some(labels) = series.strip_prefix("http_requests_total") {
            let count = format!("http_request_duration_seconds_count{labels}");
            assert_eq!(now.get(&count), *value, "{count}");
            let labels = labels.trim_start_matches('{');
            let all = format!("http_request_duration_seconds_bucket{{le=\"+Inf\",{labels}");
            assert_eq!(now.get(&all), *value, "{all}");
        }
        assert!(*value >= 0.0, "{series} {value}");
    }
    // As they are written, so that a series' buckets are one after the other.
    let mut last = 0;
    for line in text.lines().filter(|line| line.contains("_bucket{")) {
        let value: u64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!(value >= last || line.contains(r#"le="0.005""#), "{line}");
        last = value;
    }
    now
}

#[tokio::test]
async fn a_thousand_short_lived_threads_lose_nothing() {
    let (layer, exposition) = MetricsLayer::pair();
    for _ in 0..125 {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut service = service(&layer, answer);
                    (0..16).for_each(|n| send(&mut service, n));
                });
            }
        });
    }
    let end = Scrape::of(&exposition).await;
    assert_eq!(end.sum("http_requests_total"), 16_000.0);
    assert_eq!(end.sum("http_requests_cancelled_total"), 1_000.0);
    assert_eq!(end.sum("http_requests_in_flight"), 0.0);
}
