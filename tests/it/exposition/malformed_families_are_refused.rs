//! What would be read as something else is no scrape, but an answer that says why.

use super::{refused, scrape};
use crate::support::{OPEN_METRICS, text};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use prometheus_client::{
    collector::Collector, encoding::DescriptorEncoder, metrics::gauge::Gauge, registry::Registry,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tower::ServiceExt;
use tower_red::{Exposition, MetricsLayer};

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
