//! Every sample is that of the text, of layers and of registries.

use super::{Pairs, client, compare, hostile, owned, scrape};
use crate::support::{CLASSIC, TestLayer, text};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        MetricType,
        counter::Counter,
        exemplar::{CounterWithExemplar, HistogramWithExemplars},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
        info::Info,
    },
    registry::{Registry, Unit},
};
use std::{borrow::Cow, collections::BTreeMap, fmt, sync::atomic::AtomicU64, time::SystemTime};
use tower_red::{Exposition, MetricsLayer, Naming, TraceId};

#[tokio::test]
async fn every_sample_is_that_of_the_text_under_all_names() {
    for naming in [
        Naming::Prometheus,
        Naming::OpenTelemetry,
        Naming::AxumPrometheus,
    ] {
        for client in [false, true] {
            let builder = || {
                let builder = MetricsLayer::builder().naming(naming);
                match client {
                    true => builder.client(),
                    false => builder,
                }
            };
            for builder in [builder(), hostile(builder())] {
                let trace = |_: tower_red::RequestHead<'_>| TraceId::from_bytes([7; 16]);
                let driven = TestLayer::new(builder.exemplar(trace));
                let _in_flight = driven.take_some();
                let (said, families) = compare(&driven.exposition).await;
                assert!(said.samples.len() > 50, "{said:?}");
                assert!(said.exemplars.len() > 5, "{said:?}");
                let seconds = families.iter().filter(|family| family.unit.is_some());
                for family in seconds {
                    assert_eq!(family.unit.as_deref(), Some("seconds"));
                    assert!(family.name().ends_with("_seconds"));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_counter_has_the_name_of_its_samples_and_the_order_is_that_of_the_text() {
    let driven = TestLayer::new(MetricsLayer::builder());
    let _in_flight = driven.take_some();
    let families = scrape(&driven.exposition).await;
    let names: Vec<&str> = families.iter().map(client::MetricFamily::name).collect();
    let text = text(&driven.exposition, CLASSIC).await;
    let declared = text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some(name)
    });
    assert_eq!(names, declared.collect::<Vec<_>>());
    assert!(names.contains(&"http_requests_total"), "{names:?}");
    assert!(families.iter().all(|family| !family.help().is_empty()));
}

#[tokio::test]
async fn what_has_no_samples_is_left_out() {
    let driven = TestLayer::new(MetricsLayer::builder());
    let (said, _) = compare(&driven.exposition).await;
    let names: Vec<&String> = said.families.keys().collect();
    assert_eq!(names, ["http_label_sets", "http_overflowed_requests_total"]);

    let mut registry = Registry::default();
    registry.register(
        "jobs",
        "Jobs done",
        Family::<Vec<(String, String)>, Counter>::default(),
    );
    registry.register_collector(Box::new(Empty));
    assert_eq!(scrape(&Exposition::new(registry)).await, []);
    assert_eq!(scrape(&Exposition::new(Registry::default())).await, []);
}

/// A metric of unknown type.
#[derive(Debug)]
struct Unknown;

impl Collector for Unknown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let metric =
            encoder.encode_descriptor("mystery", "What is it", None, MetricType::Unknown)?;
        ConstGauge::new(-1.5).encode(metric)
    }
}

/// A family without samples: the library leaves out its own, and not a collector's.
#[derive(Debug)]
struct Empty;

impl Collector for Empty {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let kind = MetricType::Histogram;
        encoder.encode_descriptor("empty", "Nothing", Some(&Unit::Bytes), kind)?;
        Ok(())
    }
}

fn full_registry() -> Registry {
    let hostile = owned(&[("a", "x\"y\\z\n} # {"), ("b", "\u{e9}=\",")]);
    let mut registry =
        Registry::with_labels([(Cow::from("all"), Cow::from("them, \\n"))].into_iter());

    let jobs = Family::<Pairs, Counter>::default();
    jobs.get_or_create(&hostile).inc_by(u64::MAX);
    jobs.get_or_create(&owned(&[("a", "b\\")])).inc();
    registry.register("jobs", "Jobs \"done\" \\ by\\n hand", jobs);
    registry.register_with_unit(
        "cpu",
        "Time",
        Unit::Seconds,
        Counter::<f64, AtomicU64>::default(),
    );

    let traced = CounterWithExemplar::<Pairs>::default();
    traced.inc_by(3, Some(hostile.clone()), Some(SystemTime::now()));
    registry.register("traced", "Traced", traced);

    for (name, value) in [
        ("up", f64::INFINITY),
        ("down", f64::NEG_INFINITY),
        ("none", f64::NAN),
        ("small", -1.25e-300),
    ] {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, "A gauge", gauge);
    }
    registry.register("temperature", "Outside", ConstGauge::new(-7_i64));

    let times =
        Family::<Pairs, Histogram>::new_with_constructor(|| Histogram::new([0.5, 1.0, 2.5]));
    for labels in [&hostile, &owned(&[("a", "b")]), &owned(&[])] {
        times.get_or_create(labels).observe(0.75);
        times.get_or_create(labels).observe(1e9);
    }
    drop(times.get_or_create(&owned(&[("a", "c")])));
    registry.register_with_unit("times", "Times", Unit::Seconds, times);
    let times = HistogramWithExemplars::<Pairs>::new([0.5, 1.0].into_iter());
    times.observe(0.25, Some(hostile.clone()), Some(SystemTime::now()));
    times.observe(0.75, Some(owned(&[])), None);
    times.observe(7.0, None, None);
    registry.register("sizes", "Sizes", times);

    registry.register_collector(Box::new(Empty));
    // Prometheus rejects a unit that the name does not end with.
    registry.register_with_unit("build", "Build", Unit::Ratios, Info::new(hostile));
    let sub = registry.sub_registry_with_prefix("sub");
    sub.register_collector(Box::new(Unknown));
    registry
}

#[tokio::test]
async fn a_registry_says_what_its_text_says() {
    let (said, families) = compare(&Exposition::new(full_registry())).await;
    let kinds: BTreeMap<_, _> = said
        .families
        .iter()
        .map(|(name, (kind, _))| (&**name, &**kind))
        .collect();
    let expected = [
        ("build_ratios_info", "gauge"),
        ("cpu_seconds_total", "counter"),
        ("down", "gauge"),
        ("jobs_total", "counter"),
        ("none", "gauge"),
        ("sizes", "histogram"),
        ("small", "gauge"),
        ("sub_mystery", "untyped"),
        ("temperature", "gauge"),
        ("times_seconds", "histogram"),
        ("traced_total", "counter"),
        ("up", "gauge"),
    ];
    assert_eq!(kinds, expected.into());
    assert_eq!(said.exemplars.len(), 3);
    let units = families
        .iter()
        .filter_map(|family| Some((family.name(), family.unit.as_deref()?)));
    let units: BTreeMap<_, _> = units.collect();
    assert_eq!(
        units,
        [
            ("cpu_seconds_total", "seconds"),
            ("times_seconds", "seconds")
        ]
        .into()
    );
}

#[tokio::test]
async fn a_registry_comes_before_a_layer_and_the_endpoint_itself_after_it() {
    let driven = TestLayer::new(hostile(MetricsLayer::builder()).registry(full_registry()));
    let _in_flight = driven.take_some();
    compare(&driven.exposition).await;
    let exposition = driven.exposition.clone().instrumented();
    text(&exposition, CLASSIC).await;
    let families = scrape(&exposition).await;
    let names: Vec<&str> = families.iter().map(client::MetricFamily::name).collect();
    let at = |name| names.iter().position(|it| *it == name).unwrap();
    let places = [
        "jobs_total",
        "shop_http_requests_total",
        "exposition_scrapes_total",
    ]
    .map(at);
    assert!(places.is_sorted(), "{names:?}");
    assert_eq!(names.last(), Some(&"exposition_scrape_duration_seconds"));
}
