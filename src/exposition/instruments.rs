//! What an endpoint tells of itself.

use crate::sync::lock;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
    registry::{Registry, Unit},
};
use quanta::Clock;
use std::{
    fmt,
    sync::{Arc, Mutex},
};

/// Upper bounds of the duration's buckets, in seconds: from a few series to more than a scraper waits for.
const BOUNDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Measures the scrapes of an endpoint.
pub(super) struct Instruments {
    clock: Clock,
    tally: Mutex<Tally>,
}

/// The scrapes that ended so far.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    answered: u64,
    refused: u64,
    cancelled: u64,
    nanos: u64,
    /// Not cumulated.
    buckets: [u64; BOUNDS.len() + 1],
}

/// One scrape. It is counted once, however it ends: in `Drop`.
pub(super) struct Measurement {
    instruments: Option<Arc<Instruments>>,
    /// When its work began.
    start: Option<u64>,
    ending: Ending,
}

/// How a scrape ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Answered,
    Refused,
    Cancelled,
}

impl Instruments {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            tally: Mutex::default(),
        }
    }

    /// What there is to tell now.
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(*lock(&self.tally)));
        registry
    }
}

impl Measurement {
    pub(super) fn new(instruments: Option<Arc<Instruments>>) -> Self {
        Self {
            instruments,
            start: None,
            ending: Ending::Cancelled,
        }
    }

    /// Marks the begin of the work, at the first call.
    pub(super) fn begin(&mut self) {
        if let (Some(instruments), None) = (&self.instruments, self.start) {
            self.start = Some(instruments.clock.raw());
        }
    }

    /// To be dropped then.
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = ending;
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        let Some(instruments) = &self.instruments else {
            return;
        };
        let Instruments { clock, tally } = &**instruments;
        let nanos = self
            .start
            .map_or(0, |start| clock.delta_as_nanos(start, clock.raw()));
        lock(tally).add(self.ending, nanos);
    }
}

impl Tally {
    fn add(&mut self, ending: Ending, nanos: u64) {
        match ending {
            Ending::Answered => self.answered += 1,
            Ending::Refused => self.refused += 1,
            // It has no duration: it could have waited only, or have been about to end.
            Ending::Cancelled => {
                self.cancelled += 1;
                return;
            }
        }
        self.nanos = self.nanos.wrapping_add(nanos);
        let seconds = nanos as f64 / 1e9;
        self.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
    }
}

impl Collector for Tally {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Scrapes that ended, by the status of their response.";
        let mut scrapes =
            encoder.encode_descriptor("exposition_scrapes", help, None, MetricType::Counter)?;
        for (status, count) in [
            ("200", self.answered),
            ("499", self.cancelled),
            ("500", self.refused),
        ] {
            scrapes
                .encode_family(&[("status", status)])?
                .encode_counter::<NoLabelSet, _, f64>(&count, None)?;
        }

        let help = "Time from a scrape's turn to the head of its response.";
        let (name, unit) = ("exposition_scrape_duration", Some(&Unit::Seconds));
        let mut durations = encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.buckets).collect();
        let seconds = self.nanos as f64 / 1e9;
        let count = self.buckets.iter().sum();
        durations.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)
    }
}
