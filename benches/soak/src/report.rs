//! The table, a line a minute, and what it says of memory in the end.

use crate::{memory::Memory, scrape::Times};
use std::time::Duration;

/// What is shorter says nothing of memory: in the first minutes, threads, connections and buffers still come.
const LEAST: Duration = Duration::from_secs(30 * 60 - 10);
const MIB: f64 = 1024.0 * 1024.0;
pub(crate) const HEADER: &str = "\
| minute | requests | CPU, % | RSS, MiB | heap, MiB | label sets | series | scrape, ms | longest |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

/// What was seen at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) memory: Memory,
    pub(crate) label_sets: u64,
}

/// What grew, or did not, from the second sixth of the time to the last.
pub(crate) struct Growth {
    name: &'static str,
    early: f64,
    late: f64,
    /// `None` if it is too early to tell.
    allowed: Option<f64>,
}

/// Of one minute: memory is the median of its samples.
pub(crate) fn row(
    samples: &[Sample],
    requests: u64,
    (label_sets, series): (u64, usize),
    times: Times,
) -> String {
    let last = samples.last().copied().unwrap_or_default();
    let first = samples.first().copied().unwrap_or_default();
    let millis = (last.at - first.at).as_millis().max(1) as f64;
    let cpu = (last.memory.cpu_millis - first.memory.cpu_millis) as f64 * 100.0 / millis;
    let rss = median(samples, |sample| sample.memory.rss) / MIB;
    let heap = median(samples, |sample| sample.memory.heap) / MIB;
    let minute = last.at.as_secs_f64() / 60.0;
    let scrape = times.median.as_secs_f64() * 1e3;
    let longest = times.longest.as_secs_f64() * 1e3;
    format!(
        "| {minute:.0} | {requests} | {cpu:.0} | {rss:.2} | {heap:.3} | {label_sets} | {series} | {scrape:.1} | {longest:.1} |"
    )
}

/// The first sixth is left for everything to be there once.
pub(crate) fn growths(samples: &[Sample]) -> [Growth; 3] {
    let end = samples.last().map_or(Duration::ZERO, |sample| sample.at);
    let during = |from: u32, to: u32| -> Vec<_> {
        let within = |sample: &&Sample| sample.at >= end * from / 6 && sample.at <= end * to / 6;
        samples.iter().filter(within).copied().collect()
    };
    let (early, late) = (during(1, 2), during(5, 6));
    let growth = |name, least: f64, value: fn(&Sample) -> u64| {
        let early = median(&early, value);
        Growth {
            name,
            early,
            late: median(&late, value),
            allowed: (end >= LEAST).then(|| (early * 0.02).max(least)),
        }
    };
    [
        growth("bytes of RSS", MIB, |sample| sample.memory.rss),
        growth("bytes of heap", MIB / 4.0, |sample| sample.memory.heap),
        growth("label sets", 0.0, |sample| sample.label_sets),
    ]
}

impl Growth {
    pub(crate) fn is_allowed(&self) -> bool {
        self.allowed.is_none_or(|allowed| self.grown() <= allowed)
    }

    fn grown(&self) -> f64 {
        self.late - self.early
    }

    pub(crate) fn line(&self) -> String {
        let Self {
            name, early, late, ..
        } = self;
        let verdict = match self.allowed {
            None => "too short to be judged".to_owned(),
            Some(allowed) if self.is_allowed() => format!("flat, {allowed:.0} are allowed"),
            Some(allowed) => format!("GROWS, {allowed:.0} are allowed"),
        };
        format!(
            "{name}: {early:.0}, then {late:.0}, {:+.0}: {verdict}",
            self.grown()
        )
    }
}

fn median(samples: &[Sample], value: impl Fn(&Sample) -> u64) -> f64 {
    let mut values: Vec<_> = samples.iter().map(value).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default() as f64
}
