//! A user's registry is in the same scrape, in the same formats.

use super::{Labels, USERS, small_buckets};
use crate::support::{CLASSIC, Ending, OPEN_METRICS, Scrape, TestLayer, text};
use http::Method;
use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
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
use std::{borrow::Cow, fmt, sync::atomic::AtomicU64, time::Duration};
use tower_red::Exposition;

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
    let open_metrics = "# TYPE jobs counter\n# HELP jobs Jobs done.\njobs_total 7\n";
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

const FULL_OPEN_METRICS: &str = r##"# TYPE plain counter
# HELP plain A counter.
plain_total 3
# TYPE busy_seconds counter
# UNIT busy_seconds seconds
# HELP busy_seconds With a unit.
busy_seconds_total 1.5
# TYPE const counter
# HELP const Constant.
const_total 42
# TYPE labelled counter
# HELP labelled With labels.
labelled_total{trap="} 9 # {a=\"b\\\"} \n"} 1
# TYPE traced counter
# HELP traced With an exemplar.
traced_total 2 # {trace="} 9 # {a=\"b\\\"} \n",b="2"} 2.0
# TYPE both counter
# HELP both Labels and an exemplar.
both_total{trap="} 9 # {a=\"b\\\"} \n",t=" # {"} 5 # {trace=" # {x=\""} 5.0
# TYPE level gauge
# HELP level A gauge.
level -4
# TYPE size_bytes gauge
# UNIT size_bytes bytes
# HELP size_bytes Of something.
size_bytes 10
# TYPE belt_parsecs gauge
# UNIT belt_parsecs parsecs
# HELP belt_parsecs In parsecs.
belt_parsecs 0
# TYPE waits histogram
# HELP waits A histogram.
waits_bucket{le="0.5"} 1
waits_bucket{le="1.0"} 1
waits_bucket{le="+Inf"} 1
waits_sum 0.25
waits_count 1
# TYPE traces histogram
# HELP traces With exemplars.
traces_bucket{le="1.0"} 1 # {trace="} 9 # {a=\"b\\\"} \n"} 0.5 1.5
traces_bucket{le="+Inf"} 2 # {trace="}"} 8.0
traces_sum 8.5
traces_count 2
# TYPE build info
# HELP build About it.
build_info{version="1 # {}"} 1
# TYPE what unknown
# HELP what Is it.
what 0.5
# TYPE escaped gauge
# HELP escaped Has \"quotes\", \\ and \\n.
escaped 0
# TYPE sub_inner counter
# HELP sub_inner With a prefix.
sub_inner_total 0
# TYPE sub_deep counter
# HELP sub_deep With a label.
sub_deep_total{zone="a\"}b"} 0
# TYPE sub_deeper gauge
# HELP sub_deeper With two.
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
waits_bucket{le="0.5"} 1
waits_bucket{le="1.0"} 1
waits_bucket{le="+Inf"} 1
waits_sum 0.25
waits_count 1
# HELP traces With exemplars.
# TYPE traces histogram
traces_bucket{le="1.0"} 1
traces_bucket{le="+Inf"} 2
traces_sum 8.5
traces_count 2
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
    // But for help texts, which the library leaves as they are, and the order of a family's lines.
    let samples = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("# HELP"));
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort_unstable();
        lines
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
