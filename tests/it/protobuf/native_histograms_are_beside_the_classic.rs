//! A native histogram is in the same metric as the classic buckets.

use super::{client, compare, scrape};
use crate::support::TestLayer;
use std::{collections::BTreeMap, time::Duration};
use tower_red::{MetricsLayer, NativeHistogram, Operation};

/// Prometheus' definition: bucket `i` is up to `2^(i * 2^-schema)`.
fn index(seconds: f64, schema: u8) -> i32 {
    (seconds.log2() * f64::from(1 << schema)).ceil() as i32
}

/// The counts of a native histogram, by index.
fn native_counts(histogram: &client::Histogram) -> BTreeMap<i32, i64> {
    let mut counts = BTreeMap::new();
    let (mut at, mut count) = (0, 0);
    let mut deltas = histogram.positive_delta.iter();
    for span in &histogram.positive_span {
        at += span.offset();
        for _ in 0..span.length() {
            count += deltas.next().unwrap();
            counts.insert(at, count);
            at += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    counts
}

fn histograms(families: &[client::MetricFamily]) -> Vec<client::Histogram> {
    let metrics = families.iter().flat_map(|family| &family.metric);
    metrics
        .filter_map(|metric| metric.histogram.clone())
        .collect()
}

#[tokio::test]
async fn a_native_histogram_is_beside_the_classic_buckets() {
    for schema in [0, 3, 8] {
        let native = NativeHistogram::default()
            .schema(schema)
            .window(Duration::from_micros(100), Duration::from_secs(60));
        let driven = TestLayer::new(MetricsLayer::builder().native_histogram(native));
        // None of them at a bound, where floating point could go either way.
        let millis = [1, 3, 3, 3, 4, 70, 71, 72, 700, 1_500, 1_501, 30_001];
        let mut expected = BTreeMap::new();
        for millis in millis {
            driven.take(Duration::from_millis(millis), "/", 200);
            let at = index(millis as f64 / 1e3, schema);
            *expected.entry(at).or_insert(0) += 1;
        }
        driven.take(Duration::from_nanos(900), "/", 200);
        driven.take(Duration::ZERO, "/", 200);
        let (_, families) = compare(&driven.exposition).await;
        let [histogram] = &*histograms(&families) else {
            panic!("{families:?}");
        };
        assert_eq!(histogram.schema, Some(i32::from(schema)));
        assert_eq!(histogram.zero_count, Some(2));
        let threshold = histogram.zero_threshold.unwrap();
        assert!((0.000_01..=0.000_1).contains(&threshold), "{threshold}");
        assert_eq!(native_counts(histogram), expected, "{schema}");
        assert_eq!(histogram.sample_count, Some(14));
        assert_eq!(
            histogram.bucket.last().unwrap().upper_bound,
            Some(f64::INFINITY)
        );
    }
}

#[tokio::test]
async fn only_durations_have_a_native_histogram() {
    let builder = MetricsLayer::builder()
        .native_histogram(NativeHistogram::default())
        .response_start()
        .response_body_bytes();
    let driven = TestLayer::new(builder);
    let queries = Operation::builder("db_query");
    let queries = queries.expose_on(&driven.exposition).unwrap();
    driven.take(Duration::from_millis(3), "/", 200);
    queries.start([]).ok();
    let (_, families) = compare(&driven.exposition).await;
    let native = families.iter().filter_map(|family| {
        let histogram = family.metric.first()?.histogram.as_ref()?;
        Some((family.name(), histogram.schema.is_some()))
    });
    assert_eq!(
        native.collect::<Vec<_>>(),
        [
            ("http_request_duration_seconds", true),
            ("http_response_start_seconds", false),
            ("http_response_body_bytes", false),
            ("db_query_duration_seconds", false),
        ]
    );
}

#[tokio::test]
async fn a_native_histogram_without_populated_buckets_is_known_by_an_empty_span() {
    let builder = MetricsLayer::builder().native_histogram(NativeHistogram::default());
    let driven = TestLayer::new(builder);
    driven.take(Duration::ZERO, "/", 200);
    let families = scrape(&driven.exposition).await;
    let [histogram] = &*histograms(&families) else {
        panic!("{families:?}");
    };
    let span = client::BucketSpan {
        offset: Some(0),
        length: Some(0),
    };
    assert_eq!(histogram.positive_span, [span]);
    assert_eq!(histogram.zero_count, Some(1));

    let driven = TestLayer::new(MetricsLayer::builder());
    driven.take(Duration::ZERO, "/", 200);
    let classic = histograms(&scrape(&driven.exposition).await);
    assert_eq!(
        (classic[0].schema, &*classic[0].positive_span),
        (None, &[][..])
    );
}
