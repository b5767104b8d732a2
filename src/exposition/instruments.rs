//! The metrics of the endpoint itself.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::Counter, histogram::Histogram},
    registry::{Registry, Unit},
};
use quanta::Clock;
use std::{fmt, sync::Arc};

/// Upper bounds of the duration's buckets, in seconds: from that of a few series to longer than a scraper waits.
const BOUNDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Measures the scrapes of an endpoint.
pub(super) struct Instruments {
    clock: Clock,
    metrics: ScrapeMetrics,
    registry: Registry,
}

/// What is counted of the scrapes that ended.
#[derive(Clone, Debug)]
struct ScrapeMetrics {
    /// By status. Not a `Family` of the library, which would show them in no order.
    scrapes: [(u16, Counter); 3],
    durations: Histogram,
}

/// One scrape. It is counted once, in `Drop`, however it ends.
pub(super) struct Measurement {
    instruments: Option<Arc<Instruments>>,
    /// When its work began.
    start: Option<u64>,
    status: u16,
}

/// The status of a scrape that was dropped before its response.
const CANCELLED: u16 = 499;

impl Instruments {
    pub(super) fn new(clock: Clock) -> Self {
        let metrics = ScrapeMetrics {
            scrapes: [200, CANCELLED, 500].map(|status| (status, Counter::default())),
            durations: Histogram::new(BOUNDS),
        };
        let mut registry = Registry::default();
        registry.register_collector(Box::new(metrics.clone()));
        Self {
            clock,
            metrics,
            registry,
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Measurement {
    pub(super) fn new(instruments: Option<Arc<Instruments>>) -> Self {
        Self {
            instruments,
            start: None,
            status: CANCELLED,
        }
    }

    pub(super) fn begin(&mut self) {
        let instruments = self.instruments.as_ref();
        self.start = instruments.map(|instruments| instruments.clock.raw());
    }

    /// Sets the status. The scrape is counted when this is dropped.
    pub(super) fn end(&mut self, status: u16) {
        self.status = status;
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        let Some(instruments) = &self.instruments else {
            return;
        };
        let Instruments { clock, metrics, .. } = &**instruments;
        let mut scrapes = metrics.scrapes.iter();
        if let Some((_, counter)) = scrapes.find(|(status, _)| *status == self.status) {
            counter.inc();
        }
        // A scrape that was dropped has no duration: nobody knows how long it would have taken.
        if let (Some(start), true) = (self.start, self.status != CANCELLED) {
            let took = clock.delta(start, clock.raw());
            metrics.durations.observe(took.as_secs_f64());
        }
    }
}

impl Collector for ScrapeMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Scrapes that ended, by the status of their response.";
        let kind = MetricType::Counter;
        let mut scrapes = encoder.encode_descriptor("exposition_scrapes", help, None, kind)?;
        for (status, counter) in &self.scrapes {
            counter.encode(scrapes.encode_family(&[("status", *status)])?)?;
        }
        let help = "Time from a scrape's turn to the head of its response.";
        let (name, unit) = ("exposition_scrape_duration", Some(&Unit::Seconds));
        let kind = MetricType::Histogram;
        let durations = encoder.encode_descriptor(name, help, unit, kind)?;
        self.durations.encode(durations)
    }
}
