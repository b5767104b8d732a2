//! No two families of a scrape have a name in common.

use super::{Labels, refused, scrape, small_buckets};
use crate::support::{CLASSIC, OPEN_METRICS, Scrape, TestLayer, text};
use http::StatusCode;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::iter;
use tower_red::{BuildError, Exposition, MetricsLayer};

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
            "# TYPE jobs counter\n# HELP jobs Jobs done.\njobs_total 0\n",
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

pub(super) fn counter(registry: &mut Registry, name: &str) {
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
