//! Exemplars: the trace of one request for each bucket, in OpenMetrics and not in 0.0.4.

use crate::support::{Body, OPEN_METRICS, Scrape, TestLayer, text, two_buckets};
use http::{Request, Response};
use std::{
    convert::Infallible,
    future::ready,
    time::{Duration, SystemTime},
};
use tower::{Layer, Service, service_fn};
use tower_red::{MetricsLayer, MetricsLayerBuilder, Naming, RouteTemplate, TraceId};

fn driven(builder: MetricsLayerBuilder) -> TestLayer {
    TestLayer::new(builder.buckets(two_buckets()))
}

fn traced() -> TestLayer {
    driven(MetricsLayer::builder().exemplar(|parts| TraceId::from_traceparent(parts.headers)))
}

impl TestLayer {
    /// A request that takes so long.
    fn take_traced(&self, millis: u64, trace: Option<u128>) {
        let mut request = Request::get("/").extension(RouteTemplate::new("/"));
        if let Some(trace) = trace {
            let header = format!("00-{trace:032x}-00f067aa0ba902b7-01");
            request = request.header("traceparent", header);
        }
        let took = Duration::from_millis(millis);
        self.respond_after(
            took,
            request.body(()).unwrap(),
            Response::new(Body::default()),
        );
    }

    /// The buckets' lines, without name and labels but `le`, and without what comes after the second of an
    /// exemplar's time.
    async fn buckets(&self) -> Vec<String> {
        let text = text(&self.exposition, OPEN_METRICS).await;
        let lines = text.lines().filter_map(|line| {
            let rest = line.strip_prefix("http_request_duration_seconds_bucket{le=\"")?;
            let (bound, rest) = rest.split_once('"')?;
            let (_, values) = rest.split_once("} ")?;
            let Some((values, time)) = values.split_once("} ") else {
                return Some(format!("{bound}: {values}"));
            };
            let (value, time) = time.split_once(' ')?;
            assert!(is_now(time), "{time}");
            Some(format!("{bound}: {values}}} {value}"))
        });
        lines.collect()
    }
}

/// Whether that is seconds since 1970, with three decimals, about now.
fn is_now(time: &str) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let age = now.unwrap().as_secs_f64() - time.parse::<f64>().unwrap();
    let decimals = time.split_once('.').map(|(_, decimals)| decimals.len());
    (-1.0..600.0).contains(&age) && decimals == Some(3)
}

#[tokio::test]
async fn each_bucket_shows_the_trace_of_a_request_of_its_own() {
    let driven = traced();
    driven.take_traced(50, Some(0xa));
    driven.take_traced(250, None);
    driven.take_traced(2_500, Some(0xb));
    assert_eq!(
        driven.buckets().await,
        [
            r#"0.1: 1 # {trace_id="0000000000000000000000000000000a"} 0.05"#,
            "1.0: 2",
            r#"+Inf: 3 # {trace_id="0000000000000000000000000000000b"} 2.5"#,
        ]
    );
}

#[tokio::test]
async fn what_comes_soon_after_an_exemplar_does_not_take_its_place() {
    let driven = traced();
    driven.take_traced(50, Some(0xa));
    for trace in 0xb..0xff {
        driven.take_traced(50, Some(trace));
    }
    let first = &driven.buckets().await[0];
    assert_eq!(
        first,
        r#"0.1: 245 # {trace_id="0000000000000000000000000000000a"} 0.05"#
    );
}

#[tokio::test]
async fn the_classic_format_has_none() {
    let driven = traced();
    driven.take_traced(50, Some(0xa));
    let text = text(&driven.exposition, "text/plain").await;
    assert!(!text.contains(" # "), "{text}");
    let bucket =
        r#"http_request_duration_seconds_bucket{le="0.1",method="GET",route="/",status="200"} 1"#;
    assert!(text.contains(&format!("\n{bucket}\n")), "{text}");
}

#[tokio::test]
async fn without_the_setting_a_trace_is_not_looked_for() {
    let driven = driven(MetricsLayer::builder());
    driven.take_traced(50, Some(0xa));
    assert_eq!(driven.buckets().await[0], "0.1: 1");
}

#[tokio::test]
async fn every_convention_has_them() {
    for naming in [Naming::OpenTelemetry, Naming::AxumPrometheus] {
        let builder = MetricsLayer::builder().naming(naming);
        let driven = driven(builder.exemplar(|_| TraceId::from_bytes([1; 16])));
        driven.take_traced(50, None);
        let text = text(&driven.exposition, OPEN_METRICS).await;
        let exemplar = format!(" 1 # {{trace_id=\"{}\"}} 0.05 ", "01".repeat(16));
        assert!(text.contains(&exemplar), "{text}");
    }
}

#[tokio::test]
async fn the_function_sees_the_whole_head_and_leaves_the_request_as_it_is() {
    let builder = MetricsLayer::builder().exemplar(|parts| {
        assert_eq!(parts.method, "PUT");
        assert_eq!(parts.uri, "/a?b");
        assert_eq!(parts.version, http::Version::HTTP_2);
        assert_eq!(parts.headers["x"], "y");
        assert_eq!(parts.extensions.get(), Some(&7_u8));
        TraceId::from_bytes([1; 16])
    });
    let driven = driven(builder);
    let mut service = driven.metrics.layer(service_fn(|request: Request<&str>| {
        assert_eq!(
            (request.method().as_str(), *request.body()),
            ("PUT", "body")
        );
        assert_eq!(request.uri(), "/a?b");
        assert_eq!(request.version(), http::Version::HTTP_2);
        assert_eq!(request.headers()["x"], "y");
        assert_eq!(request.extensions().get(), Some(&7_u8));
        ready(Ok::<_, Infallible>(Response::new(Body::default())))
    }));
    let request = Request::put("/a?b")
        .version(http::Version::HTTP_2)
        .header("x", "y")
        .extension(7_u8);
    service.call(request.body("body").unwrap()).await.unwrap();
    assert!(driven.buckets().await[0].contains("trace_id"));
}

#[tokio::test]
async fn a_function_that_panics_fails_no_request() {
    let builder = MetricsLayer::builder().exemplar(|_| panic!("no trace today"));
    let driven = driven(builder);
    driven.take_traced(50, None);
    assert_eq!(driven.buckets().await[0], "0.1: 1");
}

#[tokio::test]
async fn more_requests_in_flight_than_there_is_room_for_are_counted_all_the_same() {
    let driven = driven(MetricsLayer::builder().exemplar(|_| TraceId::from_bytes([1; 16])));
    let service = driven.metrics.layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Body::default())))
    }));
    let call = || service.clone().call(Request::new(()));
    let futures: Vec<_> = std::iter::repeat_with(call).take(100).collect();
    let scrape = Scrape::of(&driven.exposition).await;
    assert_eq!(scrape.sum("http_requests_in_flight"), 100.0);
    for future in futures {
        future.await.unwrap();
    }
    let scrape = Scrape::of(&driven.exposition).await;
    assert_eq!(scrape.sum("http_requests_in_flight"), 0.0);
    assert_eq!(scrape.sum("http_requests_total"), 100.0);
}

#[tokio::test]
async fn a_traced_request_allocates_nothing() {
    let driven = traced();
    driven.take_traced(50, Some(0xa));
    let mut service = driven.metrics.layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Body::default())))
    }));
    let mut request = Request::new(());
    *request.method_mut() = http::Method::GET;
    request.extensions_mut().insert(RouteTemplate::new("/"));
    let header = format!("00-{:032x}-00f067aa0ba902b7-01", 0xc);
    request
        .headers_mut()
        .insert("traceparent", header.parse().unwrap());
    let allocated = allocation_counter::measure(|| {
        let mut future = Box::pin(service.call(request));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_ready());
    });
    // The box of this test.
    assert_eq!(allocated.count_total, 1);
}
