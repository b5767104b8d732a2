use axum::Router;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// The default buckets of tower-red, and of the OpenTelemetry conventions: every contender has them.
pub(super) const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// One of those that are compared.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// The package whose version says what was measured.
    pub(crate) package: Option<&'static str>,
    pub(crate) title: &'static str,
    pub(crate) records: &'static str,
    /// Sets it up, once in a process, with room for so many label sets where it has a limit.
    pub(crate) set_up: fn(label_sets: usize) -> Box<dyn Middleware>,
}

/// A contender that is set up.
pub(crate) trait Middleware {
    fn add_to(&self, router: Router) -> Router;

    /// Hands on what Prometheus gets, as a server would that sends it at once. `None` if there are no metrics.
    fn scrape(&self, _: Send<'_>) -> Option<Scrape> {
        None
    }

    /// What it has to do every few seconds, apart from any request.
    fn upkeep(&self) {}
}

/// Takes the next piece of a scrape.
pub(crate) type Send<'a> = &'a mut dyn FnMut(Bytes);

/// A scrape that was answered.
pub(crate) struct Scrape {
    /// The longest that it kept its thread from other work.
    pub(crate) longest_stretch: Duration,
}

impl Scrape {
    /// A scrape that is written in one go.
    pub(super) fn in_one_stretch(send: Send<'_>, write: impl FnOnce() -> String) -> Self {
        let begun = Instant::now();
        let text = write();
        let longest_stretch = begun.elapsed();
        send(text.into());
        Self { longest_stretch }
    }
}

impl Contender {
    /// Sets it up with the limits that it has by default.
    pub(crate) fn set_up_by_default(&self) -> Box<dyn Middleware> {
        (self.set_up)(0)
    }
}

/// The names of those that others are compared with.
pub(crate) const BARE: &str = "bare";
pub(crate) const WRAPPER: &str = "wrapper";
pub(crate) const TOWER_RED: &str = "tower-red";
pub(crate) const STOPPED: &str = "tower-red-stopped";
pub(crate) const AXUM_PROMETHEUS: &str = "axum-prometheus";
