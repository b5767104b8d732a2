//! The endpoint says how the exports of its metrics go.

use super::{Receiver, Reply};
use crate::support::{CLASSIC, TestLayer, text};
use std::time::Duration;
use tokio::time::sleep;
use tower_red::{Exposition, MetricsLayer, OtlpBuilder};

async fn lines(exposition: &Exposition) -> Vec<String> {
    let text = text(exposition, CLASSIC).await;
    let lines = text.lines().filter(|line| line.contains("otlp_"));
    lines.map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn exports_failures_by_cause_and_the_time_since_the_last_success_are_exposed() {
    let driven = TestLayer::default();
    assert_eq!(lines(&driven.exposition).await, [] as [&str; 0]);
    let receiver = Receiver::new([
        Reply::Break,
        Reply::Break,
        Reply::Status(503, &[], ""),
        Reply::Partly(7, "too old"),
        Reply::Status(401, &[], ""),
        Reply::Never,
    ]);
    let builder = OtlpBuilder::default()
        .endpoint("http://collector:4318")
        .interval(Duration::from_secs(600))
        .client(receiver.client());
    let otlp = builder.build(&driven.exposition).unwrap();
    // In the second interval it is refused, in the third there is no answer, and then everything is taken.
    let pushing = tokio::spawn(otlp.run(sleep(Duration::from_secs(1_805))));
    sleep(Duration::from_secs(1_200)).await;
    let before = lines(&driven.exposition).await;
    let last = |line: &String| line.starts_with("otlp_last_success_age_seconds{");
    let age = before.iter().find(|line| last(line)).unwrap();
    let age: f64 = age.rsplit_once(' ').unwrap().1.parse().unwrap();
    // The fourth try was taken, at most seven seconds after the first interval.
    assert!((593.0..=597.0).contains(&age), "{age}");
    pushing.await.unwrap();
    let expected = r#"
# HELP otlp_exports_total Exports that were tried.
# TYPE otlp_exports_total counter
otlp_exports_total{receiver="collector:4318"} 6
# HELP otlp_export_failures_total Exports that failed, by cause.
# TYPE otlp_export_failures_total counter
otlp_export_failures_total{receiver="collector:4318",cause="connection"} 2
otlp_export_failures_total{receiver="collector:4318",cause="metrics"} 0
otlp_export_failures_total{receiver="collector:4318",cause="refused"} 1
otlp_export_failures_total{receiver="collector:4318",cause="timeout"} 0
otlp_export_failures_total{receiver="collector:4318",cause="unavailable"} 1
# HELP otlp_rejected_points_total Data points that the receiver did not take of exports that it took.
# TYPE otlp_rejected_points_total counter
otlp_rejected_points_total{receiver="collector:4318"} 7
# HELP otlp_last_success_age_seconds Time since the last export that succeeded, or at first since exports were set up.
# TYPE otlp_last_success_age_seconds gauge
otlp_last_success_age_seconds{receiver="collector:4318"} 0.0"#;
    let lines = lines(&driven.exposition).await;
    assert_eq!(format!("\n{}", lines.join("\n")), expected);
}

#[tokio::test(start_paused = true)]
async fn two_receivers_have_series_of_their_own_and_the_same_one_has_one() {
    let (_metrics, exposition) = MetricsLayer::pair();
    for endpoint in ["http://a:4318", "http://b:4318", "http://a:4318/other"] {
        let builder = OtlpBuilder::default().endpoint(endpoint);
        let otlp = builder.client(Receiver::default().client());
        otlp.build(&exposition).unwrap().run(async {}).await;
    }
    let lines = lines(&exposition).await;
    let exports = lines
        .iter()
        .filter(|line| line.starts_with("otlp_exports_total"));
    assert_eq!(
        exports.collect::<Vec<_>>(),
        [
            "otlp_exports_total{receiver=\"a:4318\"} 2",
            "otlp_exports_total{receiver=\"b:4318\"} 1"
        ]
    );
}
