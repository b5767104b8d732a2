//! What the pushing of an endpoint's metrics says of itself.

use crate::{
    ExportError,
    model::{Family, Kind, Number, Sample, Series, push_label},
    sync::lock,
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};
use tokio::time::Instant;

/// The exports to one receiver.
#[derive(Debug)]
pub(crate) struct ExportCounts {
    receiver: String,
    /// When counting began, in milliseconds since 1970.
    created: u64,
    exports: AtomicU64,
    /// By cause.
    failures: [AtomicU64; ExportError::CAUSES.len()],
    rejected_points: AtomicU64,
    last_success: Mutex<Instant>,
}

impl ExportCounts {
    fn new(receiver: &str) -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            receiver: receiver.to_owned(),
            created: since.unwrap_or_default().as_millis() as u64,
            exports: AtomicU64::new(0),
            failures: Default::default(),
            rejected_points: AtomicU64::new(0),
            last_success: Mutex::new(Instant::now()),
        }
    }

    pub(crate) fn succeed(&self) {
        self.exports.fetch_add(1, Ordering::Relaxed);
        *lock(&self.last_success) = Instant::now();
    }

    pub(crate) fn fail(&self, error: &ExportError) {
        self.exports.fetch_add(1, Ordering::Relaxed);
        let mut failures = ExportError::CAUSES.iter().zip(&self.failures);
        if let Some((_, failures)) = failures.find(|(cause, _)| **cause == error.cause()) {
            failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn reject(&self, error: &ExportError) {
        if let ExportError::Rejected { points, .. } = error {
            self.rejected_points.fetch_add(*points, Ordering::Relaxed);
        }
    }

    fn labels(&self) -> String {
        let mut labels = String::new();
        push_label(&mut labels, "receiver", &self.receiver);
        labels
    }

    fn counter(&self, count: &AtomicU64) -> Sample {
        Sample::Number {
            value: Number::Unsigned(count.load(Ordering::Relaxed)),
            created: Some(self.created),
            exemplar: None,
        }
    }

    fn failures(&self) -> impl Iterator<Item = (String, Sample)> {
        let failures = ExportError::CAUSES.iter().zip(&self.failures);
        failures.map(|(cause, count)| {
            let mut labels = self.labels();
            push_label(&mut labels, "cause", cause);
            (labels, self.counter(count))
        })
    }

    fn age(&self) -> Sample {
        let age = lock(&self.last_success).elapsed();
        Sample::number(Number::Float(age.as_secs_f64()))
    }
}

/// The receivers that an endpoint's metrics are pushed to.
#[derive(Debug, Default)]
pub(super) struct Receivers(Mutex<Vec<Arc<ExportCounts>>>);

impl Receivers {
    /// The counts of a receiver, which whoever pushes to it shares.
    pub(super) fn counts(&self, receiver: &str) -> Arc<ExportCounts> {
        let mut all = lock(&self.0);
        let known = all.iter().find(|counts| counts.receiver == receiver);
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let counts = Arc::new(ExportCounts::new(receiver));
        all.push(Arc::clone(&counts));
        counts
    }

    /// None if there are no receivers.
    pub(super) fn families(&self) -> Vec<Family> {
        let all = lock(&self.0).clone();
        if all.is_empty() {
            return Vec::new();
        }
        let each = |sample: fn(&ExportCounts) -> Sample| -> Vec<(String, Sample)> {
            let samples = all.iter().map(|counts| (counts.labels(), sample(counts)));
            samples.collect()
        };
        vec![
            family(
                "otlp_exports",
                "Exports that were tried.",
                Kind::Counter,
                each(|counts| counts.counter(&counts.exports)),
            ),
            family(
                "otlp_export_failures",
                "Exports that failed, by cause.",
                Kind::Counter,
                all.iter().flat_map(|counts| counts.failures()).collect(),
            ),
            family(
                "otlp_rejected_points",
                "Data points that the receiver did not take of exports that it took.",
                Kind::Counter,
                each(|counts| counts.counter(&counts.rejected_points)),
            ),
            Family {
                unit: Some("seconds".into()),
                ..family(
                    "otlp_last_success_age_seconds",
                    "Time since the last export that succeeded, or at first since exports were set up.",
                    Kind::Gauge,
                    each(ExportCounts::age),
                )
            },
        ]
    }
}

fn family(
    name: &'static str,
    help: &'static str,
    kind: Kind,
    series: Vec<(String, Sample)>,
) -> Family {
    let series: Box<dyn Series> = Box::new(series);
    Family {
        name: name.into(),
        help: help.into(),
        unit: None,
        kind,
        names: None,
        sources: vec![series],
    }
}
