use std::{collections::BTreeMap, fmt};

/// What some requests have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    pub(crate) outgoing: bool,
    pub(crate) route: &'static str,
    pub(crate) method: &'static str,
    pub(crate) peer: Option<String>,
    /// Constant labels, and those of the user's.
    pub(crate) labels: Vec<(String, String)>,
}

/// Requests that ended in the same way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) who: Who,
    /// As the default labels show it.
    pub(crate) status: String,
    pub(crate) grpc_status: Option<String>,
    /// Why they failed, if they did.
    pub(crate) error: Option<String>,
    /// Where they were cancelled, if they were.
    pub(crate) phase: Option<String>,
}

/// How long requests took, and how many these are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations {
    /// How many fell into each bucket, by its upper bound in nanoseconds; the last bucket has the largest number.
    pub(crate) counts: BTreeMap<u64, u64>,
    pub(crate) nanos: u64,
}

impl Durations {
    pub(super) fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    pub(super) fn seconds(&self) -> f64 {
        self.nanos as f64 / 1e9
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.nanos = self.nanos.wrapping_add(other.nanos);
        for (bound, count) in &other.counts {
            *self.counts.entry(*bound).or_default() += count;
        }
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.nanos = self.nanos.saturating_sub(other.nanos);
        for (bound, before) in &other.counts {
            let count = self.counts.entry(*bound).or_default();
            *count = count.saturating_sub(*before);
        }
    }

    /// A quantile in seconds, by linear interpolation in its bucket as Prometheus does it. 0 if there are none.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        let rank = quantile.clamp(0.0, 1.0) * self.count() as f64;
        let (mut below, mut lower) = (0, 0);
        for (bound, count) in &self.counts {
            let is_last = *bound == u64::MAX;
            if *count > 0 && (below + count) as f64 >= rank {
                // Of the last bucket, nothing is known but where it begins.
                let width = if is_last { 0 } else { bound - lower };
                let part = (rank - below as f64) / *count as f64;
                return (lower as f64 + width as f64 * part) / 1e9;
            }
            below += count;
            lower = *bound;
        }
        0.0
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.outgoing {
            f.write_str("outgoing ")?;
        }
        write!(f, "{} {}", self.method, self.route)?;
        if let Some(peer) = &self.peer {
            write!(f, " at {peer}")?;
        }
        let mut labels = self.labels.iter();
        labels.try_for_each(|(name, value)| write!(f, " {name}={value:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(counts: &[(u64, u64)]) -> Durations {
        Durations {
            counts: counts
                .iter()
                .map(|(bound, count)| (bound * 1_000_000, *count))
                .collect(),
            nanos: 0,
        }
    }

    #[test]
    fn quantiles_are_those_that_prometheus_would_say() {
        let mut both = durations(&[(100, 10), (500, 10), (1_000, 0)]);
        for (quantile, expected) in [
            (0.0, 0.0),
            (0.25, 0.05),
            (0.5, 0.1),
            (0.75, 0.3),
            (1.0, 0.5),
        ] {
            assert!(
                (both.quantile(quantile) - expected).abs() < 1e-9,
                "{quantile}"
            );
        }
        let mut slow = durations(&[(100, 0), (1_000, 0)]);
        slow.counts.insert(u64::MAX, 3);
        assert_eq!(slow.quantile(0.5), 1.0);
        assert_eq!(Durations::default().quantile(0.5), 0.0);
        both.add(&durations(&[(200, 20)]));
        assert!((both.quantile(0.75) - 0.2).abs() < 1e-9);
        both.subtract(&durations(&[(200, 20)]));
        assert_eq!(both.count(), 20);
    }
}
