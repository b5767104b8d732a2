use super::Families;
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// As many faults as somebody reads.
const SHOWN: u64 = 40;

/// What scrapers report.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    reports: Mutex<Reports>,
}

#[derive(Debug, Default)]
struct Reports {
    faults: u64,
    scrapes: u64,
    /// Of scrapes since this was last asked for.
    recent: Vec<Duration>,
    longest: Duration,
    series: usize,
    label_sets: u64,
}

/// How long scrapes took, from the request to the last byte.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) median: Duration,
    pub(crate) longest: Duration,
}

impl Monitor {
    fn reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fault(&self, fault: &str) {
        let mut reports = self.reports();
        reports.faults += 1;
        if reports.faults <= SHOWN {
            println!("FAULT: {fault}");
        }
    }

    pub(crate) fn faults(&self) -> u64 {
        self.reports().faults
    }

    pub(super) fn scraped(&self, families: &Families, took: Option<Duration>) {
        for fault in &families.faults {
            self.fault(fault);
        }
        let mut reports = self.reports();
        reports.scrapes += 1;
        reports.series = families.series();
        reports.label_sets = label_sets(families);
        if let Some(took) = took {
            reports.recent.push(took);
            reports.longest = reports.longest.max(took);
        }
    }

    pub(crate) fn scrapes(&self) -> u64 {
        self.reports().scrapes
    }

    /// Label sets and series of the latest scrape.
    pub(crate) fn size(&self) -> (u64, usize) {
        let reports = self.reports();
        (reports.label_sets, reports.series)
    }

    /// Of the scrapes since this was last asked.
    pub(crate) fn times(&self) -> Times {
        let mut recent = mem::take(&mut self.reports().recent);
        recent.sort();
        Times {
            median: recent.get(recent.len() / 2).copied().unwrap_or_default(),
            longest: recent.last().copied().unwrap_or_default(),
        }
    }

    pub(crate) fn longest(&self) -> Duration {
        self.reports().longest
    }
}

fn label_sets(families: &Families) -> u64 {
    (families.sum("http_label_sets") + families.sum("http_client_label_sets")) as u64
}
