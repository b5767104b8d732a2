//! Every sample is that of the text, of layers and of registries.

use super::{client, compare, scrape};
use crate::support::{
    CLASSIC, TestLayer,
    registry::{Empty, full_registry, hostile, layers_under},
    text,
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use std::collections::BTreeMap;
use tower_red::{Exposition, MetricsLayer, Naming};

#[tokio::test]
async fn every_sample_is_that_of_the_text_under_all_names() {
    for naming in [
        Naming::Prometheus,
        Naming::OpenTelemetry,
        Naming::AxumPrometheus,
    ] {
        for driven in layers_under(naming) {
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
