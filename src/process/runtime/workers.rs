//! What is counted of each worker, which takes atomic numbers of 64 bits.

use super::figure::Figure;
use crate::model::{Kind, Number};
use std::ops::Range;
use tokio::runtime::RuntimeMetrics;

pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "tokio_worker_busy_seconds",
        help: "Time that workers were busy.",
        kind: Kind::Counter,
        read: |runtime| {
            let busy = workers(runtime).map(|worker| runtime.worker_total_busy_duration(worker));
            Number::Float(busy.map(|busy| busy.as_secs_f64()).sum())
        },
    },
    Figure {
        name: "tokio_worker_parks",
        help: "Times that a worker had nothing to do.",
        kind: Kind::Counter,
        read: |runtime| sum(runtime, |worker| runtime.worker_park_count(worker)),
    },
    Figure {
        name: "tokio_parked_workers",
        help: "Workers that have nothing to do now.",
        kind: Kind::Gauge,
        // The count goes up when a worker parks, and again when it goes on.
        read: |runtime| {
            sum(runtime, |worker| {
                runtime.worker_park_unpark_count(worker) % 2
            })
        },
    },
];

fn workers(runtime: &RuntimeMetrics) -> Range<usize> {
    0..runtime.num_workers()
}

pub(super) fn sum(runtime: &RuntimeMetrics, of_worker: impl Fn(usize) -> u64) -> Number {
    Number::Unsigned(workers(runtime).map(of_worker).sum())
}
