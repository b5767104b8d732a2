//! What a scrape says, to the letter: both dialects, the layer's families and those of the user's registry.

use crate::support::{
    CLASSIC, Ending, OPEN_METRICS, Scrape, ScriptedBody, TestLayer, handle, http1, request, served,
    text, two_buckets,
};
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        exemplar::{CounterWithExemplar, HistogramWithExemplars},
        family::Family,
        gauge::Gauge,
        histogram::Histogram,
        info::Info,
    },
    registry::{Registry, Unit},
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt, iter,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::{
    Buckets, BuildError, Exposition, MetricsLayer, MetricsLayerBuilder, ResponseBody, RouteTemplate,
};

const USERS: RouteTemplate = RouteTemplate::new("/users/{id}");

type Labels = Vec<(&'static str, &'static str)>;

impl TestLayer<()> {
    /// One request from its start to its end: half of the time before the head, half of it after.
    async fn drive(&self, method: Method, route: RouteTemplate, millis: u64, ending: Ending) {
        let half = Duration::from_millis(millis) / 2;
        let request = Request::builder().method(method).extension(route);
        let request = request.body(()).unwrap();
        self.send(request, (half, half), ending).await;
    }

    /// Requests with every ending.
    async fn drive_all(&self) {
        for (millis, ending) in [
            (50, Ending::Answer(200)),
            (1_000, Ending::Answer(200)),
            (250, Ending::Answer(500)),
            (2_000, Ending::LeftBeforeHead),
            (100, Ending::LeftInBody),
        ] {
            self.drive(Method::GET, USERS, millis, ending).await;
        }
        for (millis, ending) in [(4, Ending::BodyFails), (500, Ending::ServiceFails)] {
            self.drive(Method::POST, USERS, millis, ending).await;
        }
    }
}

fn small_buckets() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

/// Scrapes, and returns the status and the body.
async fn scrape(exposition: &Exposition) -> (StatusCode, String) {
    let response = exposition.clone().oneshot(Request::new(())).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).unwrap())
}

fn refused(message: &str) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{message}\n"))
}

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
# HELP http_request_duration_seconds Time from the call to the end of the response body.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="200"} 1.15
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="200"} 2
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="499"} 2.0
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="200"} 0.004
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="500"} 1
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

const ALL_ENDINGS_OPEN_METRICS: &str = r#"# HELP http_requests Requests that ended, in whatever way.
# TYPE http_requests counter
http_requests_total{method="GET",route="/users/{id}",status="200"} 3
http_requests_total{method="GET",route="/users/{id}",status="499"} 1
http_requests_total{method="GET",route="/users/{id}",status="500"} 1
http_requests_total{method="POST",route="/users/{id}",status="200"} 1
http_requests_total{method="POST",route="/users/{id}",status="500"} 1
# HELP http_errors Requests that failed, by cause.
# TYPE http_errors counter
http_errors_total{method="GET",route="/users/{id}",error="500"} 1
http_errors_total{method="POST",route="/users/{id}",error="body"} 1
http_errors_total{method="POST",route="/users/{id}",error="service"} 1
# HELP http_requests_cancelled Requests that were dropped before their end.
# TYPE http_requests_cancelled counter
http_requests_cancelled_total{method="GET",route="/users/{id}",phase="body"} 1
http_requests_cancelled_total{method="GET",route="/users/{id}",phase="head"} 1
# HELP http_request_duration_seconds Time from the call to the end of the response body.
# TYPE http_request_duration_seconds histogram
# UNIT http_request_duration_seconds seconds
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="200"} 1.15
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="200"} 2
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="200"} 3
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="499"} 2.0
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="499"} 0
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="499"} 1
http_request_duration_seconds_sum{method="GET",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="0.1",method="GET",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/users/{id}",status="500"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="200"} 0.004
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="200"} 1
http_request_duration_seconds_sum{method="POST",route="/users/{id}",status="500"} 0.25
http_request_duration_seconds_count{method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="0.1",method="POST",route="/users/{id}",status="500"} 0
http_request_duration_seconds_bucket{le="1.0",method="POST",route="/users/{id}",status="500"} 1
http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users/{id}",status="500"} 1
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_requests_in_flight gauge
http_requests_in_flight{method="GET",route="/users/{id}"} 1
http_requests_in_flight{method="POST",route="/users/{id}"} 0
# HELP http_overflowed_requests Requests whose labels were past the layer's budget of label sets.
# TYPE http_overflowed_requests counter
http_overflowed_requests_total 0
# HELP http_label_sets Label sets that the layer holds.
# TYPE http_label_sets gauge
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
# HELP http_request_duration_seconds Time from the call to the end of the response body.
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
# HELP http_requests Requests that ended, in whatever way.
# TYPE http_requests counter
# HELP http_errors Requests that failed, by cause.
# TYPE http_errors counter
# HELP http_requests_cancelled Requests that were dropped before their end.
# TYPE http_requests_cancelled counter
# HELP http_request_duration_seconds Time from the call to the end of the response body.
# TYPE http_request_duration_seconds histogram
# UNIT http_request_duration_seconds seconds
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_requests_in_flight gauge
# HELP http_overflowed_requests Requests whose labels were past the layer's budget of label sets.
# TYPE http_overflowed_requests counter
http_overflowed_requests_total 0
# HELP http_label_sets Label sets that the layer holds.
# TYPE http_label_sets gauge
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
                "0.00001",
                "0.005",
                "0.1",
                "0.3",
                "1.0",
                "2.5",
                "10.0",
                "1000000000.0",
                "+Inf",
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
        driven.clock.increment(nanos);
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

#[tokio::test]
async fn registered_or_paired_a_layer_is_written_byte_for_byte_the_same() {
    for namespace in [None, Some("shop")] {
        let builder = || match namespace {
            Some(namespace) => small_buckets().namespace(namespace),
            None => small_buckets(),
        };
        let (paired, pair) = TestLayer::pair(builder());
        let mut registry = Registry::default();
        let registered = TestLayer::register(builder(), &mut registry);
        let registered_exposition = Exposition::new(registry);
        for dialect in [CLASSIC, OPEN_METRICS] {
            for _ in 0..2 {
                let ours = text(&pair, dialect).await;
                assert_eq!(ours, text(&registered_exposition, dialect).await);
                paired.drive_all().await;
                registered.drive_all().await;
            }
        }
    }
}

#[tokio::test]
async fn a_registry_comes_before_the_layer_in_the_same_scrape() {
    let jobs = Counter::<u64>::default();
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", jobs.clone());
    jobs.inc_by(7);
    let (driven, exposition) = TestLayer::pair(small_buckets().registry(registry));
    driven.drive_all().await;
    let alone = {
        let (driven, exposition) = TestLayer::pair(small_buckets());
        driven.drive_all().await;
        move |dialect| async move { text(&exposition, dialect).await }
    };
    let classic = "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 7\n";
    let ours = alone.clone()(CLASSIC).await;
    assert_eq!(text(&exposition, CLASSIC).await, format!("{classic}{ours}"));
    let open_metrics = "# HELP jobs Jobs done.\n# TYPE jobs counter\njobs_total 7\n";
    let ours = alone(OPEN_METRICS).await;
    assert_eq!(
        text(&exposition, OPEN_METRICS).await,
        format!("{open_metrics}{ours}")
    );
}

/// A metric of a type that the library has no metric for.
#[derive(Debug)]
struct Untyped(f64);

impl EncodeMetric for Untyped {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_gauge(&self.0)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Unknown
    }
}

/// Every kind of metric that a registry may have.
fn full_registry() -> Registry {
    const TRAP: &str = "} 9 # {a=\"b\\\"} \n";
    let mut registry = Registry::default();

    let counter = Counter::<u64>::default();
    counter.inc_by(3);
    registry.register("plain", "A counter", counter);
    let seconds = Counter::<f64, AtomicU64>::default();
    seconds.inc_by(1.5);
    registry.register_with_unit("busy", "With a unit", Unit::Seconds, seconds);
    registry.register("const", "Constant", ConstCounter::new(42_u64));
    let labelled = Family::<Labels, Counter>::default();
    labelled.get_or_create(&vec![("trap", TRAP)]).inc();
    registry.register("labelled", "With labels", labelled);
    let traced = CounterWithExemplar::<Labels>::default();
    traced.inc_by(2, Some(vec![("trace", TRAP), ("b", "2")]), None);
    registry.register("traced", "With an exemplar", traced);
    let both = Family::<Labels, CounterWithExemplar<Labels>>::default();
    both.get_or_create(&vec![("trap", TRAP), ("t", " # {")])
        .inc_by(5, Some(vec![("trace", " # {x=\"")]), None);
    registry.register("both", "Labels and an exemplar", both);

    let gauge = Gauge::<i64>::default();
    gauge.set(-4);
    registry.register("level", "A gauge", gauge);
    let size = Gauge::<i64>::default();
    size.set(10);
    registry.register_with_unit("size", "Of something", Unit::Bytes, size);
    let other = Gauge::<i64>::default();
    registry.register_with_unit("belt", "In parsecs", Unit::Other("parsecs".into()), other);

    let histogram = Histogram::new([0.5, 1.0]);
    histogram.observe(0.25);
    registry.register("waits", "A histogram", histogram);
    let traced = HistogramWithExemplars::<Labels>::new([1.0].into_iter());
    let epoch = std::time::UNIX_EPOCH + Duration::from_millis(1_500);
    traced.observe(0.5, Some(vec![("trace", TRAP)]), Some(epoch));
    traced.observe(8.0, Some(vec![("trace", "}")]), None);
    registry.register("traces", "With exemplars", traced);

    registry.register("build", "About it", Info::new(vec![("version", "1 # {}")]));
    registry.register("what", "Is it", Untyped(0.5));

    let escaped = Gauge::<i64>::default();
    registry.register("escaped", r#"Has "quotes", \ and \n"#, escaped);

    let sub = registry.sub_registry_with_prefix("sub");
    sub.register("inner", "With a prefix", Counter::<u64>::default());
    let label = (Cow::Borrowed("zone"), Cow::Borrowed("a\"}b"));
    let labels = sub.sub_registry_with_label(label);
    labels.register("deep", "With a label", Counter::<u64>::default());
    let family = Family::<Labels, Gauge>::default();
    family.get_or_create(&vec![("x", "y")]).set(1);
    labels.register("deeper", "With two", family);
    registry
}

const FULL_OPEN_METRICS: &str = r##"# HELP plain A counter.
# TYPE plain counter
plain_total 3
# HELP busy_seconds With a unit.
# TYPE busy_seconds counter
# UNIT busy_seconds seconds
busy_seconds_total 1.5
# HELP const Constant.
# TYPE const counter
const_total 42
# HELP labelled With labels.
# TYPE labelled counter
labelled_total{trap="} 9 # {a=\"b\\\"} \n"} 1
# HELP traced With an exemplar.
# TYPE traced counter
traced_total 2 # {trace="} 9 # {a=\"b\\\"} \n",b="2"} 2.0
# HELP both Labels and an exemplar.
# TYPE both counter
both_total{trap="} 9 # {a=\"b\\\"} \n",t=" # {"} 5 # {trace=" # {x=\""} 5.0
# HELP level A gauge.
# TYPE level gauge
level -4
# HELP size_bytes Of something.
# TYPE size_bytes gauge
# UNIT size_bytes bytes
size_bytes 10
# HELP belt_parsecs In parsecs.
# TYPE belt_parsecs gauge
# UNIT belt_parsecs parsecs
belt_parsecs 0
# HELP waits A histogram.
# TYPE waits histogram
waits_sum 0.25
waits_count 1
waits_bucket{le="0.5"} 1
waits_bucket{le="1.0"} 1
waits_bucket{le="+Inf"} 1
# HELP traces With exemplars.
# TYPE traces histogram
traces_sum 8.5
traces_count 2
traces_bucket{le="1.0"} 1 # {trace="} 9 # {a=\"b\\\"} \n"} 0.5 1.5
traces_bucket{le="+Inf"} 2 # {trace="}"} 8.0
# HELP build About it.
# TYPE build info
build_info{version="1 # {}"} 1
# HELP what Is it.
# TYPE what unknown
what 0.5
# HELP escaped Has \"quotes\", \\ and \\n.
# TYPE escaped gauge
escaped 0
# HELP sub_inner With a prefix.
# TYPE sub_inner counter
sub_inner_total 0
# HELP sub_deep With a label.
# TYPE sub_deep counter
sub_deep_total{zone="a\"}b"} 0
# HELP sub_deeper With two.
# TYPE sub_deeper gauge
sub_deeper{zone="a\"}b",x="y"} 1
# EOF
"##;

const FULL_CLASSIC: &str = r##"# HELP plain_total A counter.
# TYPE plain_total counter
plain_total 3
# HELP busy_seconds_total With a unit.
# TYPE busy_seconds_total counter
busy_seconds_total 1.5
# HELP const_total Constant.
# TYPE const_total counter
const_total 42
# HELP labelled_total With labels.
# TYPE labelled_total counter
labelled_total{trap="} 9 # {a=\"b\\\"} \n"} 1
# HELP traced_total With an exemplar.
# TYPE traced_total counter
traced_total 2
# HELP both_total Labels and an exemplar.
# TYPE both_total counter
both_total{trap="} 9 # {a=\"b\\\"} \n",t=" # {"} 5
# HELP level A gauge.
# TYPE level gauge
level -4
# HELP size_bytes Of something.
# TYPE size_bytes gauge
size_bytes 10
# HELP belt_parsecs In parsecs.
# TYPE belt_parsecs gauge
belt_parsecs 0
# HELP waits A histogram.
# TYPE waits histogram
waits_sum 0.25
waits_count 1
waits_bucket{le="0.5"} 1
waits_bucket{le="1.0"} 1
waits_bucket{le="+Inf"} 1
# HELP traces With exemplars.
# TYPE traces histogram
traces_sum 8.5
traces_count 2
traces_bucket{le="1.0"} 1
traces_bucket{le="+Inf"} 2
# HELP build_info About it.
# TYPE build_info gauge
build_info{version="1 # {}"} 1
# HELP what Is it.
# TYPE what untyped
what 0.5
# HELP escaped Has "quotes", \\ and \\n.
# TYPE escaped gauge
escaped 0
# HELP sub_inner_total With a prefix.
# TYPE sub_inner_total counter
sub_inner_total 0
# HELP sub_deep_total With a label.
# TYPE sub_deep_total counter
sub_deep_total{zone="a\"}b"} 0
# HELP sub_deeper With two.
# TYPE sub_deeper gauge
sub_deeper{zone="a\"}b",x="y"} 1
"##;

#[tokio::test]
async fn in_open_metrics_a_registry_reads_as_the_library_writes_it() {
    let exposition = Exposition::new(full_registry());
    let text = text(&exposition, OPEN_METRICS).await;
    assert_eq!(text, FULL_OPEN_METRICS);
    let mut library = String::new();
    prometheus_client::encoding::text::encode(&mut library, &full_registry()).unwrap();
    // But for help texts, which the library leaves as they are.
    let samples = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("# HELP"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(samples(&text), samples(&library));
}

#[tokio::test]
async fn in_0_0_4_a_registry_has_the_types_of_that_format_and_no_exemplars() {
    let exposition = Exposition::new(full_registry());
    assert_eq!(text(&exposition, CLASSIC).await, FULL_CLASSIC);
}

#[tokio::test]
async fn values_that_are_no_finite_number_are_spelled_as_the_formats_have_it() {
    let mut registry = Registry::default();
    let values = [
        ("up", f64::INFINITY),
        ("down", f64::NEG_INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in values {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, "A gauge", gauge);
    }
    let exposition = Exposition::new(registry);
    for dialect in [CLASSIC, OPEN_METRICS] {
        let text = text(&exposition, dialect).await;
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let expected = ["up +Inf", "down -Inf", "nan NaN"];
        assert_eq!(samples.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn an_empty_registry_is_an_empty_scrape() {
    let exposition = Exposition::new(Registry::default());
    assert_eq!(text(&exposition, CLASSIC).await, "");
    assert_eq!(text(&exposition, OPEN_METRICS).await, "# EOF\n");
}

#[tokio::test]
async fn a_help_text_with_a_line_break_is_refused_with_the_name_of_the_family() {
    for help in [
        "one\ntwo",
        "one\n",
        "\none",
        "\n\n",
        "one\r\ntwo",
        "one\nlevel 5",
        "one\n# EOF",
        "one\n# TYPE level gauge",
        "one\n# TYPE other gauge",
        "one\n# HELP level two",
        "one\n# HELP other two",
        "one\n# UNIT level seconds",
        "one\n# HELP level two\n# TYPE level gauge",
    ] {
        let mut registry = Registry::default();
        registry.register("fine", "Before it", Gauge::<i64>::default());
        registry.register("level", help, Gauge::<i64>::default());
        registry.register("after", "After it", Gauge::<i64>::default());
        let message = r#"metric family "level" is malformed: its help text has a line break, or its name a space"#;
        let scraped = scrape(&Exposition::new(registry)).await;
        assert_eq!(scraped, refused(message), "{help:?}");
    }
}

#[tokio::test]
async fn a_name_that_no_metric_may_have_is_refused() {
    for name in ["my-gauge", "1x", "größe", "my\tgauge", "a\"b"] {
        let mut registry = Registry::default();
        registry.register(name, "Level", Gauge::<i64>::default());
        let message = format!(
            "metric family {name:?} has a name that does not match [a-zA-Z_:][a-zA-Z0-9_:]*"
        );
        assert_eq!(scrape(&Exposition::new(registry)).await, refused(&message));
    }
    for name in ["my gauge", "my\ngauge", "", " "] {
        let mut registry = Registry::default();
        registry.register(name, "Level", Gauge::<i64>::default());
        let (status, _) = scrape(&Exposition::new(registry)).await;
        assert_eq!(status, 500, "{name:?}");
    }
    let mut registry = Registry::default();
    registry.register("job:my_gauge_1", "Level", Gauge::<i64>::default());
    assert_eq!(scrape(&Exposition::new(registry)).await.0, 200);
}

#[derive(Debug)]
struct Failing;

impl Collector for Failing {
    fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[tokio::test]
async fn a_collector_that_fails_is_a_500() {
    let mut registry = Registry::default();
    registry.register("fine", "Before it", Gauge::<i64>::default());
    registry.register_collector(Box::new(Failing));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let message = "a metric of the registry failed to encode itself";
    assert_eq!(scrape(&exposition).await, refused(message));
}

#[tokio::test]
async fn a_refused_scrape_is_plain_text_and_works_again_once_its_cause_is_gone() {
    let broken = Arc::new(AtomicBool::new(true));
    #[derive(Debug)]
    struct Sometimes(Arc<AtomicBool>);
    impl Collector for Sometimes {
        fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
            match self.0.load(Ordering::Relaxed) {
                true => Err(fmt::Error),
                false => Ok(()),
            }
        }
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Sometimes(broken.clone())));
    let exposition = Exposition::new(registry);
    let request = || Request::head("/").header("accept", OPEN_METRICS).body(());
    let head = exposition.clone().oneshot(request().unwrap());
    let head = head.await.unwrap();
    assert_eq!(head.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(head.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(head.headers()["content-length"], "49");
    assert!(
        head.into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .is_empty()
    );
    broken.store(false, Ordering::Relaxed);
    assert_eq!(text(&exposition, OPEN_METRICS).await, "# EOF\n");
}

#[tokio::test]
async fn the_format_is_negotiated_and_has_its_exact_content_type() {
    const CLASSIC_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let (driven, exposition) = TestLayer::pair(small_buckets());
    driven.drive_all().await;
    let mut sender = http1(served(exposition.clone()).await).await;
    let cases: [(&[&[u8]], &str); 9] = [
        (&[], CLASSIC_TYPE),
        (&[b"*/*"], CLASSIC_TYPE),
        (&[b"text/html, application/json"], CLASSIC_TYPE),
        (&[b"application/openmetrics-text;q=0"], CLASSIC_TYPE),
        (&[b"application/openmetrics-text\xff"], CLASSIC_TYPE),
        (&[b"application/openmetrics-text"], OPEN_METRICS_TYPE),
        (
            &[b"text/plain;q=0.3", b"application/openmetrics-text;version=1.0.0;q=0.4"],
            OPEN_METRICS_TYPE,
        ),
        (
            &[b"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9"],
            CLASSIC_TYPE,
        ),
        (
            &[b"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"],
            OPEN_METRICS_TYPE,
        ),
    ];
    for (accept, content_type) in cases {
        for method in ["GET", "HEAD"] {
            let mut request = request(method, "/metrics");
            for value in accept {
                let value = http::HeaderValue::from_bytes(value).unwrap();
                request.headers_mut().append(header::ACCEPT, value);
            }
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            let (head, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            assert_eq!(head.status, StatusCode::OK);
            assert_eq!(head.headers["content-type"], content_type, "{accept:?}");
            let vary = match cfg!(any(feature = "gzip", feature = "zstd")) {
                true => "accept, accept-encoding",
                false => "accept",
            };
            assert_eq!(head.headers["vary"], vary);
            let dialect = content_type.split_once(';').unwrap().0;
            let whole = text(&exposition, dialect).await;
            let length = whole.len().to_string();
            assert_eq!(head.headers["content-length"], length.as_str());
            let expected = if method == "GET" {
                whole
            } else {
                String::new()
            };
            assert_eq!(body, expected);
        }
    }
}

#[tokio::test]
async fn methods_but_get_and_head_are_not_allowed() {
    let (_, exposition) = MetricsLayer::pair();
    let address = served(exposition).await;
    let mut sender = http1(address).await;
    for method in [
        "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY", "BREW", "get",
    ] {
        sender.ready().await.unwrap();
        let response = sender
            .send_request(request(method, "/metrics"))
            .await
            .unwrap();
        assert_eq!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{method}"
        );
        assert_eq!(response.headers()["allow"], "GET, HEAD", "{method}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "metrics are read with GET or HEAD\n");
    }
}

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
        let length = response.headers()["content-length"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.len() > 1_000_000);
        assert_eq!(length, body.len().to_string());
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

#[tokio::test]
async fn a_large_scrape_is_written_in_pieces_between_which_others_get_their_turn() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    drive_many(&driven, 2_000).await;
    let mut scrape = exposition.clone().oneshot(Request::new(())).boxed();
    let mut turns = 0;
    let response = loop {
        if let Some(response) = (&mut scrape).now_or_never() {
            break response.unwrap();
        }
        turns += 1;
        let answer = Ending::Answer(200);
        driven.drive(Method::GET, USERS, 1, answer).await;
    };
    assert!(turns >= 4, "{turns}");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.into()).unwrap();
    assert_consistent(&text);
    assert!(Scrape::parse(&text).sum("http_requests_total") >= 2_000.0);
}

#[tokio::test]
async fn requests_that_come_and_go_between_the_pieces_of_a_scrape_are_not_in_flight() {
    let (driven, exposition) = TestLayer::pair(small_buckets());
    drive_many(&driven, 2_000).await;
    let mut scrape = exposition.clone().oneshot(Request::new(())).boxed();
    let mut turns = 0;
    let response = loop {
        if let Some(response) = (&mut scrape).now_or_never() {
            break response.unwrap();
        }
        // At every second turn with a status that was not there before.
        turns += 1;
        for status in [200, 300 + turns / 2 % 100] {
            let answer = Ending::Answer(status);
            driven.drive(Method::GET, USERS, 50, answer).await;
        }
    };
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.into()).unwrap();
    assert_consistent(&text);
    assert_eq!(Scrape::parse(&text).sum("http_requests_in_flight"), 0.0);
}

fn duplicate(family: &str) -> BuildError {
    let family = family.to_owned();
    BuildError::DuplicateFamily { family }
}

#[tokio::test]
async fn two_layers_of_the_same_names_on_one_registry_are_a_build_error() {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let first = TestLayer::register(small_buckets(), &mut registry);
    first.drive_all().await;
    for _ in 0..2 {
        let second = MetricsLayer::builder().register(&mut registry);
        assert_eq!(second.unwrap_err(), duplicate("http_requests"));
    }

    // The registry exposes what it did before, once.
    let exposition = Exposition::new(registry);
    for (dialect, jobs) in [
        (
            CLASSIC,
            "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 0\n",
        ),
        (
            OPEN_METRICS,
            "# HELP jobs Jobs done.\n# TYPE jobs counter\njobs_total 0\n",
        ),
    ] {
        let (alone, pair) = TestLayer::pair(small_buckets());
        alone.drive_all().await;
        let expected = format!("{jobs}{}", text(&pair, dialect).await);
        assert_eq!(text(&exposition, dialect).await, expected);
    }
}

#[tokio::test]
async fn a_layer_on_a_registry_and_a_pair_with_it_are_a_build_error() {
    let mut registry = Registry::default();
    let _layer = MetricsLayer::builder().register(&mut registry).unwrap();
    let pair = MetricsLayer::builder().registry(registry).pair();
    assert_eq!(pair.unwrap_err(), duplicate("http_requests"));
}

/// That a layer takes no registry with that family of the user's, which goes on as it was.
async fn assert_clash(family: &str, clash: impl Fn(&mut Registry)) {
    let registry = || {
        let mut registry = Registry::default();
        clash(&mut registry);
        registry
    };
    let before = text(&Exposition::new(registry()), CLASSIC).await;

    let pair = MetricsLayer::builder().registry(registry()).pair();
    assert_eq!(pair.unwrap_err(), duplicate(family));

    let mut registry = registry();
    let registered = MetricsLayer::builder().register(&mut registry);
    assert_eq!(registered.unwrap_err(), duplicate(family));
    assert_eq!(text(&Exposition::new(registry), CLASSIC).await, before);
}

fn counter(registry: &mut Registry, name: &str) {
    registry.register(name, "Mine", Counter::<u64>::default());
}

fn gauge(registry: &mut Registry, name: &str) {
    registry.register(name, "Mine", Gauge::<i64>::default());
}

#[tokio::test]
async fn a_family_of_the_user_with_a_name_of_ours_is_a_build_error() {
    for name in ["http_requests", "http_errors", "http_requests_cancelled"] {
        assert_clash(name, |registry| counter(registry, name)).await;
    }
    let name = "http_requests_in_flight";
    assert_clash(name, |registry| gauge(registry, name)).await;
    assert_clash("http_request_duration_seconds", |registry| {
        let (name, histogram) = ("http_request_duration", Histogram::new([1.0]));
        registry.register_with_unit(name, "Mine", Unit::Seconds, histogram);
    })
    .await;
}

#[tokio::test]
async fn a_family_of_the_user_of_another_type_with_a_name_of_ours_is_a_build_error() {
    for name in ["http_requests", "http_request_duration_seconds"] {
        assert_clash(name, |registry| gauge(registry, name)).await;
    }
}

#[tokio::test]
async fn a_family_of_the_user_with_the_name_of_a_sample_of_ours_is_a_build_error() {
    for (family, suffix) in [
        ("http_requests", "_total"),
        ("http_request_duration_seconds", "_sum"),
        ("http_request_duration_seconds", "_count"),
        ("http_request_duration_seconds", "_bucket"),
    ] {
        let name = format!("{family}{suffix}");
        assert_clash(family, |registry| gauge(registry, &name)).await;
    }
}

#[tokio::test]
async fn a_family_that_gets_a_name_of_ours_by_its_prefix_is_a_build_error() {
    assert_clash("http_errors", |registry| {
        counter(registry.sub_registry_with_prefix("http"), "errors");
    })
    .await;
}

#[tokio::test]
async fn names_that_only_look_like_ours_are_no_duplicates() {
    let mut registry = Registry::default();
    for name in [
        "http_request",
        "my_http_requests",
        "http_requests_in",
        "http_errors_seen",
    ] {
        registry.register(name, "Mine", Counter::<u64>::default());
    }
    assert!(MetricsLayer::builder().register(&mut registry).is_ok());
    assert_eq!(scrape(&Exposition::new(registry)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn in_a_prefixed_sub_registry_a_duplicate_is_named_with_its_prefix() {
    let mut registry = Registry::default();
    let sub = registry.sub_registry_with_prefix("shop");
    let _layer = MetricsLayer::builder().register(sub).unwrap();
    let error = MetricsLayer::builder().register(sub).unwrap_err();
    assert_eq!(error, duplicate("shop_http_requests"));

    let mut registry = Registry::default();
    let sub = registry.sub_registry_with_prefix("shop");
    sub.register("http_errors", "Mine", Counter::<u64>::default());
    let error = MetricsLayer::builder().register(sub).unwrap_err();
    assert_eq!(error, duplicate("shop_http_errors"));
}

#[tokio::test]
async fn a_prefixed_sub_registry_keeps_two_layers_apart() {
    let mut registry = Registry::default();
    let outer = TestLayer::register(small_buckets(), &mut registry);
    let inner = TestLayer::register(small_buckets(), registry.sub_registry_with_prefix("shop"));
    let exposition = Exposition::new(registry);
    outer.drive_all().await;
    inner.drive_all().await;
    inner.drive_all().await;
    let scrape = Scrape::of(&exposition).await;
    assert_eq!(scrape.sum("http_requests_total"), 7.0);
    assert_eq!(scrape.sum("shop_http_requests_total"), 14.0);
}

#[tokio::test]
async fn labels_of_a_sub_registry_stand_before_those_of_the_layer() {
    let mut registry = Registry::default();
    let label = (Cow::Borrowed("zone"), Cow::Borrowed("eu"));
    let driven = TestLayer::register(small_buckets(), registry.sub_registry_with_label(label));
    driven
        .drive(Method::GET, USERS, 1, Ending::Answer(200))
        .await;
    let text = text(&Exposition::new(registry), CLASSIC).await;
    let line = r#"http_requests_total{zone="eu",method="GET",route="/users/{id}",status="200"} 1"#;
    assert!(text.lines().any(|each| each == line), "{text}");
}

#[tokio::test]
async fn a_duplicate_that_the_registry_cannot_show_to_the_builder_is_a_500_that_names_it() {
    let mut registry = Registry::default();
    for _ in 0..2 {
        // Each sees its own sub-registry only.
        let sub = registry.sub_registry_with_prefix("shop");
        assert!(MetricsLayer::builder().register(sub).is_ok());
    }
    let message = r#"metric family "shop_http_requests" is registered more than once"#;
    assert_eq!(scrape(&Exposition::new(registry)).await, refused(message));
}

#[tokio::test]
async fn a_duplicate_that_shows_itself_later_is_a_500_that_names_it() {
    let late = Family::<Labels, Counter>::default();
    let message = r#"metric family "http_errors" is registered more than once"#;

    let mut registry = Registry::default();
    registry.register("http_errors", "Without a series yet", late.clone());
    let (_, pair) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let mut registry = Registry::default();
    registry.register("http_errors", "Without a series yet", late.clone());
    let _layer = MetricsLayer::builder().register(&mut registry).unwrap();
    let registered = Exposition::new(registry);
    assert_eq!(scrape(&pair).await.0, StatusCode::OK);
    assert_eq!(scrape(&registered).await.0, StatusCode::OK);

    late.get_or_create(&vec![("a", "b")]).inc();
    assert_eq!(scrape(&pair).await, refused(message));
    assert_eq!(scrape(&registered).await, refused(message));
    late.clear();
    assert_eq!(scrape(&pair).await.0, StatusCode::OK);
}

#[tokio::test]
async fn families_of_a_registry_with_a_name_in_common_are_a_500_that_names_both() {
    let mut registry = Registry::default();
    registry.register("jobs", "Counter", Counter::<u64>::default());
    registry.register("jobs_total", "Gauge", Gauge::<i64>::default());
    let message = r#"metric families "jobs_total" and "jobs" have a name in common"#;
    assert_eq!(scrape(&Exposition::new(registry)).await, refused(message));

    let mut registry = Registry::default();
    registry.register("waits_count", "Gauge", Gauge::<i64>::default());
    registry.register("waits", "Histogram", Histogram::new([1.0]));
    let message = r#"metric families "waits" and "waits_count" have a name in common"#;
    assert_eq!(scrape(&Exposition::new(registry)).await, refused(message));

    let mut registry = Registry::default();
    registry.register("build", "Info", Info::new(vec![("a", "b")]));
    registry.register("build_info", "Gauge", Gauge::<i64>::default());
    let message = r#"metric families "build_info" and "build" have a name in common"#;
    assert_eq!(scrape(&Exposition::new(registry)).await, refused(message));
}

#[tokio::test]
async fn a_family_that_is_registered_twice_is_a_500_that_names_it_and_no_error_of_the_layer() {
    let mut registry = Registry::default();
    registry.register("jobs", "Once", Counter::<u64>::default());
    registry.register("jobs", "Twice", Counter::<u64>::default());
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let message = r#"metric family "jobs" is registered more than once"#;
    assert_eq!(scrape(&exposition).await, refused(message));
}

#[tokio::test]
async fn with_two_namespaces_two_layers_share_an_endpoint() {
    let mut registry = Registry::default();
    let first = TestLayer::register(small_buckets().namespace("a"), &mut registry);
    let second = TestLayer::register(small_buckets().namespace("b"), &mut registry);
    let third = small_buckets().namespace("c").registry(registry);
    let (third, exposition) = TestLayer::pair(third);
    for (driven, times) in iter::zip([first, second, third], 1..) {
        for _ in 0..times {
            driven.drive_all().await;
        }
    }
    let scrape = Scrape::of(&exposition).await;
    assert_eq!(scrape.sum("a_http_requests_total"), 7.0);
    assert_eq!(scrape.sum("b_http_requests_total"), 14.0);
    assert_eq!(scrape.sum("c_http_requests_total"), 21.0);
    assert_eq!(scrape.sum("http_requests_total"), 0.0);
}
