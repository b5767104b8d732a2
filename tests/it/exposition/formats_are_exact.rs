//! What a layer says in each of the text formats.

use super::{USERS, small_buckets};
use crate::support::{CLASSIC, Ending, OPEN_METRICS, Scrape, TestLayer, handle, text};
use http::{Method, Request};
use prometheus_client::registry::Registry;
use tower::{Layer, Service, service_fn};
use tower_red::{Buckets, Exposition, MetricsLayer, RouteTemplate};

const ALL_ENDINGS_CLASSIC: &str = r#"# HELP http_requests_total Requests that ended, in whatever way.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/users/{id}",status="200"} 3
http_requests_total{method="GET",route="/users/{id}",status="499"} 1
http_requests_total{method="GET",route="/users/{id}",status="500"} 1
http_requests_total{method="POST",route="/users/{id}",status="200"} 1
http_requests_total{method="POST",route="/users/{id}",status="500"} 1
# HELP http_errors_total Requests that failed, by cause.
# TYPE http_errors_total counter
http_errors_total{method="GET",route="/users/{id}",error="500"} 1
http_errors_total{method="POST",route="/users/{id}",error="body"} 1
http_errors_total{method="POST",route="/users/{id}",error="service"} 1
# HELP http_requests_cancelled_total Requests that were dropped before their end.
# TYPE http_requests_cancelled_total counter
http_requests_cancelled_total{method="GET",route="/users/{id}",phase="body"} 1
http_requests_cancelled_total{method="GET",route="/users/{id}",phase="head"} 1
# HELP http_request_duration_seconds Time from the call to the end of the response body, or of a stream to its head.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="200"} 2
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="200"} 1.15
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="499"} 2.0
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="200"} 0.004
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="500"} 1
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_requests_in_flight gauge
http_requests_in_flight{method="GET",route="/users/{id}"} 1
http_requests_in_flight{method="POST",route="/users/{id}"} 0
# HELP http_overflowed_requests_total Requests whose labels were past the layer's budget of label sets.
# TYPE http_overflowed_requests_total counter
http_overflowed_requests_total 0
# HELP http_label_sets Label sets that the layer holds.
# TYPE http_label_sets gauge
http_label_sets 6
"#;

const ALL_ENDINGS_OPEN_METRICS: &str = r#"# TYPE http_requests counter
# HELP http_requests Requests that ended, in whatever way.
http_requests_total{method="GET",route="/users/{id}",status="200"} 3
http_requests_total{method="GET",route="/users/{id}",status="499"} 1
http_requests_total{method="GET",route="/users/{id}",status="500"} 1
http_requests_total{method="POST",route="/users/{id}",status="200"} 1
http_requests_total{method="POST",route="/users/{id}",status="500"} 1
# TYPE http_errors counter
# HELP http_errors Requests that failed, by cause.
http_errors_total{method="GET",route="/users/{id}",error="500"} 1
http_errors_total{method="POST",route="/users/{id}",error="body"} 1
http_errors_total{method="POST",route="/users/{id}",error="service"} 1
# TYPE http_requests_cancelled counter
# HELP http_requests_cancelled Requests that were dropped before their end.
http_requests_cancelled_total{method="GET",route="/users/{id}",phase="body"} 1
http_requests_cancelled_total{method="GET",route="/users/{id}",phase="head"} 1
# TYPE http_request_duration_seconds histogram
# UNIT http_request_duration_seconds seconds
# HELP http_request_duration_seconds Time from the call to the end of the response body, or of a stream to its head.
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="200"} 2
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="200"} 1.15
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="499"} 2.0
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="200"} 0.004
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="500"} 1
# TYPE http_requests_in_flight gauge
# HELP http_requests_in_flight Requests that have not ended yet.
http_requests_in_flight{method="GET",route="/users/{id}"} 1
http_requests_in_flight{method="POST",route="/users/{id}"} 0
# TYPE http_overflowed_requests counter
# HELP http_overflowed_requests Requests whose labels were past the layer's budget of label sets.
http_overflowed_requests_total 0
# TYPE http_label_sets gauge
# HELP http_label_sets Label sets that the layer holds.
http_label_sets 6
# EOF
"#;

#[tokio::test]
async fn every_ending_is_written_in_both_dialects() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    driven.drive_all().await;
    let mut service = driven.metrics.layer(service_fn(handle));
    let request = Request::builder().extension(USERS);
    let _in_flight = service.call(request.body(Ending::Answer(200)).unwrap());
    assert_eq!(text(&exposition, CLASSIC).await, ALL_ENDINGS_CLASSIC);
    assert_eq!(
        text(&exposition, OPEN_METRICS).await,
        ALL_ENDINGS_OPEN_METRICS
    );
}

#[tokio::test]
async fn before_the_first_request_the_families_are_there_without_series() {
    let (_, exposition) = MetricsLayer::pair();
    let classic = "\
# HELP http_requests_total Requests that ended, in whatever way.
# TYPE http_requests_total counter
# HELP http_errors_total Requests that failed, by cause.
# TYPE http_errors_total counter
# HELP http_requests_cancelled_total Requests that were dropped before their end.
# TYPE http_requests_cancelled_total counter
# HELP http_request_duration_seconds Time from the call to the end of the response body, or of a stream to its head.
# TYPE http_request_duration_seconds histogram
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_requests_in_flight gauge
# HELP http_overflowed_requests_total Requests whose labels were past the layer's budget of label sets.
# TYPE http_overflowed_requests_total counter
http_overflowed_requests_total 0
# HELP http_label_sets Label sets that the layer holds.
# TYPE http_label_sets gauge
http_label_sets 0
";
    assert_eq!(text(&exposition, CLASSIC).await, classic);
    let open_metrics = "\
# TYPE http_requests counter
# HELP http_requests Requests that ended, in whatever way.
# TYPE http_errors counter
# HELP http_errors Requests that failed, by cause.
# TYPE http_requests_cancelled counter
# HELP http_requests_cancelled Requests that were dropped before their end.
# TYPE http_request_duration_seconds histogram
# UNIT http_request_duration_seconds seconds
# HELP http_request_duration_seconds Time from the call to the end of the response body, or of a stream to its head.
# TYPE http_requests_in_flight gauge
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_overflowed_requests counter
# HELP http_overflowed_requests Requests whose labels were past the layer's budget of label sets.
http_overflowed_requests_total 0
# TYPE http_label_sets gauge
# HELP http_label_sets Label sets that the layer holds.
http_label_sets 0
# EOF
";
    assert_eq!(text(&exposition, OPEN_METRICS).await, open_metrics);
}

#[tokio::test]
async fn a_namespace_stands_before_every_name() {
    let (driven, exposition) = TestLayer::pair(MetricsLayer::builder().namespace("shop"));
    driven.drive_all().await;
    for dialect in [CLASSIC, OPEN_METRICS] {
        let text = text(&exposition, dialect).await;
        for line in text.lines().filter(|line| *line != "# EOF") {
            let name = line.trim_start_matches("# HELP ");
            let name = name.trim_start_matches("# TYPE ");
            let name = name.trim_start_matches("# UNIT ");
            assert!(name.starts_with("shop_http_"), "{line}");
        }
    }
}

#[tokio::test]
async fn le_reads_the_same_in_both_dialects() {
    let bounds = [0.00001, 0.005, 0.1, 0.3, 1.0, 2.5, 10.0, 1e9];
    let buckets = Buckets::custom(bounds).unwrap();
    let builder = || MetricsLayer::builder().buckets(buckets.clone());
    let (driven, pair) = TestLayer::pair(builder());
    let mut registry = Registry::default();
    let registered = TestLayer::register(builder(), &mut registry);
    let registered_exposition = Exposition::new(registry);
    let answer = Ending::Answer(200);
    driven.drive(Method::GET, USERS, 1, answer).await;
    registered.drive(Method::GET, USERS, 1, answer).await;
    for exposition in [&pair, &registered_exposition] {
        for dialect in [CLASSIC, OPEN_METRICS] {
            let text = text(exposition, dialect).await;
            let les = text.lines().filter_map(|line| {
                let (_, rest) = line.split_once("le=\"")?;
                Some(rest.split_once('"').unwrap().0)
            });
            let expected = [
                "1e-05", "0.005", "0.1", "0.3", "1.0", "2.5", "10.0", "1e+09", "+Inf",
            ];
            assert_eq!(les.collect::<Vec<_>>(), expected);
        }
    }
}

#[tokio::test]
async fn a_duration_that_equals_a_bound_is_in_its_bucket_and_one_above_it_is_not() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    for nanos in [100_000_000, 100_000_001] {
        let mut service = driven.metrics.layer(service_fn(handle));
        let request = Request::new(Ending::LeftBeforeHead);
        let future = service.call(request);
        driven.clock.advance(std::time::Duration::from_nanos(nanos));
        drop(future);
    }
    let scrape = Scrape::of(&exposition).await;
    let bucket = |le: &str| {
        let labels = format!(r#"{{le="{le}",method="GET",route="_unmatched",status="499"}}"#);
        scrape.get(&format!("http_request_duration_seconds_bucket{labels}"))
    };
    assert_eq!(
        [bucket("0.1"), bucket("1.0"), bucket("+Inf")],
        [1.0, 2.0, 2.0]
    );
    assert_eq!(scrape.sum("http_request_duration_seconds_sum"), 0.200000001);
}

#[tokio::test]
async fn a_template_is_escaped_as_a_label_value_is() {
    const ODD: RouteTemplate = RouteTemplate::new("/\"quoted\"/\\/\nnext/größe/{id}");
    let (driven, pair) = TestLayer::pair(small_buckets());
    let mut registry = Registry::default();
    let registered = TestLayer::register(small_buckets(), &mut registry);
    let registered_exposition = Exposition::new(registry);
    let answer = Ending::Answer(200);
    driven.drive(Method::GET, ODD, 1, answer).await;
    registered.drive(Method::GET, ODD, 1, answer).await;
    let expected = r#"http_requests_total{method="GET",route="/\"quoted\"/\\/\nnext/größe/{id}",status="200"} 1"#;
    for exposition in [&pair, &registered_exposition] {
        for dialect in [CLASSIC, OPEN_METRICS] {
            let text = text(exposition, dialect).await;
            assert!(text.lines().any(|line| line == expected), "{text}");
        }
    }
}

#[tokio::test]
async fn series_are_sorted_by_route_and_method_whatever_came_first() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    let answer = Ending::Answer(200);
    for method in [Method::PUT, Method::GET] {
        for route in ["/b", "/a", "/c"] {
            let route = RouteTemplate::new(route);
            driven.drive(method.clone(), route, 1, answer).await;
        }
    }
    let text = text(&exposition, CLASSIC).await;
    let series = text.lines().filter_map(|line| {
        let labels = line.strip_prefix("http_requests_in_flight")?;
        labels.strip_suffix(" 0")
    });
    let expected = [
        r#"{method="GET",route="/a"}"#,
        r#"{method="PUT",route="/a"}"#,
        r#"{method="GET",route="/b"}"#,
        r#"{method="PUT",route="/b"}"#,
        r#"{method="GET",route="/c"}"#,
        r#"{method="PUT",route="/c"}"#,
    ];
    assert_eq!(series.collect::<Vec<_>>(), expected);
}
