//! An export is a lot of short stretches of work: whatever else runs on that thread gets its turn.

use super::Receiver;
use crate::support::TestLayer;
use std::{
    future::{Future, ready},
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};
use tower_red::{MetricsLayer, OtlpBuilder};

/// How many stretches an export of so many label sets takes. Whoever calls it is its runtime.
fn stretches(label_sets: usize, gzip: bool) -> usize {
    let driven = TestLayer::new(MetricsLayer::builder().max_label_sets(label_sets + 1));
    for n in 0..label_sets {
        let route = format!("/route/{n:04}/{{id}}").leak();
        driven.take(Duration::from_millis(3), route, 200);
    }
    // The first reader of a layer makes its series.
    driven.exposition.render().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let receiver = Receiver::default();
    let builder = OtlpBuilder::default().gzip(gzip).client(receiver.client());
    let otlp = builder.build(&driven.exposition).unwrap();
    let mut run = pin!(otlp.run(ready(())));
    let mut cx = Context::from_waker(Waker::noop());
    let mut stretches = 1;
    while run.as_mut().poll(&mut cx).is_pending() {
        stretches += 1;
    }
    assert!(!receiver.take().is_empty());
    stretches
}

#[test]
fn an_export_of_more_label_sets_takes_more_stretches_and_no_longer_ones() {
    let few = stretches(500, false);
    let many = stretches(3_500, false);
    // At most two hundred series each, of a counter and a histogram.
    assert!(many - few > 2 * 3_000 / 200, "{few} and {many}");
    // These, and one for every 64 KiB that are compressed.
    let compressed = stretches(3_500, true);
    assert!(compressed > many + 15, "{compressed} and {many}");
}
