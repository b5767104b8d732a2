//! What would be read as something else is no scrape, but an answer that says why.

use super::{names_are_unique::counter, refused, scrape, small_buckets};
use crate::support::{CLASSIC, OPEN_METRICS, TestLayer, text};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tower::ServiceExt;
use tower_red::{BuildError, Exposition, MetricsLayer, ScrapeError};

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

type OwnedLabels = Vec<(String, String)>;

/// A registry with a series that has these labels, and is a histogram or not.
fn labelled_registry(labels: &[&str], is_histogram: bool) -> Registry {
    let pair = |name: &&str| (String::from(*name), String::from("x"));
    let labels: OwnedLabels = labels.iter().map(pair).collect();
    let mut registry = Registry::default();
    let zone = (Cow::Borrowed("zone"), Cow::Borrowed("eu"));
    let sub = registry.sub_registry_with_label(zone);
    if is_histogram {
        let constructor = || Histogram::new([1.0]);
        let family = Family::<OwnedLabels, Histogram>::new_with_constructor(constructor);
        family.get_or_create(&labels).observe(0.5);
        sub.register("jobs", "Mine", family);
    } else {
        let family = Family::<OwnedLabels, Gauge>::default();
        family.get_or_create(&labels).set(1);
        sub.register("jobs", "Mine", family);
    }
    registry
}

#[tokio::test]
async fn a_label_that_is_illegal_or_there_twice_is_refused_by_name_and_at_pair_already() {
    let family = || String::from("jobs");
    for is_histogram in [false, true] {
        for (labels, illegal, twice) in [
            (&["my-label"][..], Some("my-label"), None),
            (&["a", "1x"], Some("1x"), None),
            (&["größe"], Some("größe"), None),
            (&[""], Some(""), None),
            (&["__name__"], Some("__name__"), None),
            (&["a", "b", "a"], None, Some("a")),
            (&["zone"], None, Some("zone")),
            (&["le"], None, Some("le").filter(|_| is_histogram)),
            (&["a", "b", "_c9"], None, None),
        ] {
            let registry = || labelled_registry(labels, is_histogram);
            let (status, body) = scrape(&Exposition::new(registry())).await;
            let pair = MetricsLayer::builder().registry(registry()).pair();
            let error = match (illegal, twice) {
                (Some(label), _) => ScrapeError::InvalidLabel {
                    family: family(),
                    label: label.to_owned(),
                },
                (_, Some(label)) => ScrapeError::DuplicateLabel {
                    family: family(),
                    label: label.to_owned(),
                },
                (None, None) => {
                    assert_eq!(status, StatusCode::OK, "{body}");
                    assert!(pair.is_ok());
                    continue;
                }
            };
            assert_eq!((status, body), refused(&error.to_string()));
            assert_eq!(pair.unwrap_err(), BuildError::InvalidRegistry { error });
        }
    }
}

#[tokio::test]
async fn metrics_of_the_user_that_are_illegal_are_found_by_pair() {
    for (name, help) in [
        ("my-gauge", "Level"),
        ("level", "one\ntwo"),
        ("", "Nothing"),
    ] {
        let mut registry = Registry::default();
        registry.register(name, help, Gauge::<i64>::default());
        let error = MetricsLayer::builder()
            .registry(registry)
            .pair()
            .unwrap_err();
        assert!(
            matches!(error, BuildError::InvalidRegistry { .. }),
            "{error}"
        );
        let message = error.to_string();
        assert!(
            message.starts_with("the registry cannot be exposed: metric family"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn what_the_user_has_twice_is_no_error_of_the_layer_even_if_it_ends_with_a_name_of_ours() {
    for name in [
        "legacy_http_requests",
        "http_requests_",
        "http_errors_total_http_errors",
    ] {
        let registry = || {
            let mut registry = Registry::default();
            counter(&mut registry, name);
            counter(&mut registry, name);
            registry
        };
        let (_, exposition) = MetricsLayer::builder().registry(registry()).pair().unwrap();
        let message = format!("metric family {name:?} is registered more than once");
        assert_eq!(scrape(&exposition).await, refused(&message));
        let mut registry = registry();
        assert!(
            MetricsLayer::builder().register(&mut registry).is_ok(),
            "{name}"
        );

        // Not under a prefix either, which ours get there.
        let mut registry = Registry::default();
        let sub = registry.sub_registry_with_prefix("legacy");
        for _ in 0..2 {
            counter(sub, "other_http_requests");
        }
        assert!(MetricsLayer::builder().register(sub).is_ok());
    }
}

#[tokio::test]
async fn bounds_of_the_users_own_histograms_are_spelled_as_ours() {
    let histogram = Histogram::new([0.00001, 0.005, 10.0, 1e6, 1e21]);
    histogram.observe(0.001);
    let mut registry = Registry::default();
    registry.register("mine", "Mine", histogram);
    let exposition = Exposition::new(registry);
    for dialect in [CLASSIC, OPEN_METRICS] {
        let text = text(&exposition, dialect).await;
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"mine_bucket{le="1e-05"} 0"#,
            r#"mine_bucket{le="0.005"} 1"#,
            r#"mine_bucket{le="10.0"} 1"#,
            r#"mine_bucket{le="1e+06"} 1"#,
            r#"mine_bucket{le="1e+21"} 1"#,
            r#"mine_bucket{le="+Inf"} 1"#,
            "mine_sum 0.001",
            "mine_count 1",
        ];
        assert_eq!(samples, expected);
    }
}

#[tokio::test]
async fn by_the_librarys_own_text_a_registered_layer_says_the_same() {
    let (paired, pair) = TestLayer::pair(small_buckets().constant_label("zone", "a\"b\\"));
    let mut registry = Registry::default();
    let builder = small_buckets().constant_label("zone", "a\"b\\");
    let registered = TestLayer::register(builder, &mut registry);
    paired.drive_all().await;
    registered.drive_all().await;
    let mut library = String::new();
    prometheus_client::encoding::text::encode(&mut library, &registry).unwrap();
    let ours = text(&pair, OPEN_METRICS).await;
    // The order of a family's lines is the library's, and that of a bucket's labels.
    let lines = |text: &str| {
        let lines = text.lines().map(|line| {
            let (labels, value) = line.rsplit_once(' ').unwrap();
            let mut labels: Vec<_> = labels.split(['{', '}', ',']).map(str::to_owned).collect();
            labels.sort_unstable();
            (labels, value.to_owned())
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines(&ours), lines(&library));
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
