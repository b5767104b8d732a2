//! What a store counted. No other file in `gather` touches it.

use super::{
    bounds::{HistogramBounds, ShownBounds},
    snapshot::Durations,
};
use crate::{
    histogram::NativeBuckets,
    model::{Exemplar, Histogram, Timestamp, Unit, push_label},
    request::TraceId,
    store::{self, Keys, Shown, Snapshot, Store},
    sync::yield_now,
};

#[derive(Clone, Copy)]
pub(super) struct Source(pub(super) &'static Store);

/// How many keys there are: of what finished, and of what is active.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyCounts {
    pub(super) finished: usize,
    pub(super) active: usize,
}

impl KeyCounts {
    pub(super) fn of(&self, active: bool) -> usize {
        match active {
            true => self.active,
            false => self.finished,
        }
    }
}

impl Source {
    fn all_keys(&self, active: bool) -> &'static Keys {
        match active {
            true => self.0.active_keys(),
            false => self.0.finished_keys(),
        }
    }

    pub(super) fn key_counts(&self) -> KeyCounts {
        KeyCounts {
            finished: self.all_keys(false).len(),
            active: self.all_keys(true).len(),
        }
    }

    /// A key, by its index.
    pub(super) fn key(&self, active: bool, index: u32) -> Option<u64> {
        let seen = self.all_keys(active).get(index as usize);
        seen.map(|seen| seen.key)
    }

    /// What slots show as active now.
    pub(super) async fn shown(&self) -> Shown {
        let mut shown = Shown::default();
        while self.0.count_shown(&mut shown) {
            yield_now().await;
        }
        shown
    }

    /// How many things of a key are active now, by its index.
    pub(super) fn active(&self, shown: &Shown, index: u32) -> u64 {
        let key = self.key(true, index);
        shown.of(index) + key.map_or(0, |key| self.0.active(key))
    }

    /// Sums up what was counted under these keys.
    pub(super) async fn collect(&self, keys: KeyCounts) -> Counts {
        let mut collecting = self.0.collect();
        loop {
            if let Some(snapshot) = self.0.collect_some(&mut collecting) {
                return Counts {
                    source: *self,
                    snapshot,
                    keys: keys.finished,
                };
            }
            yield_now().await;
        }
    }
}

/// The measure that everything has which finished: it counts them.
const EVERY: usize = 0;

/// The counts of keys, by their index. Keys that came after the scrape began are left out of all families.
pub(super) struct Counts {
    source: Source,
    snapshot: Snapshot,
    keys: usize,
}

impl Counts {
    fn has(&self, key: u32) -> bool {
        (key as usize) < self.keys
    }

    /// About how many numbers there are for each key.
    pub(super) fn width(&self, measure: usize) -> usize {
        self.source.0.bins(measure).map_or(0, |bins| bins.len())
    }

    pub(super) fn label_sets(&self) -> u64 {
        self.keys as u64
    }

    pub(super) fn finished(&self, key: u32) -> u64 {
        if !self.has(key) {
            return 0;
        }
        self.snapshot.count(key as usize, EVERY)
    }

    /// A key, by its index.
    pub(super) fn key(&self, index: u32) -> Option<u64> {
        self.source.key(false, index)
    }

    /// When the counting of a key began, in milliseconds since 1970.
    pub(super) fn created(&self, key: u32) -> Option<u64> {
        let seen = self.source.all_keys(false).get(key as usize);
        seen.map(|seen| seen.since)
    }

    /// How long what finished under a key took.
    pub(super) fn durations(&self, key: u32, of: &HistogramBounds) -> Durations {
        let mut durations = Durations {
            nanos: self.snapshot.sum(key as usize, EVERY),
            // All of them: each begins where the one before ends.
            counts: of.uppers().map(|upper| (upper, 0)).collect(),
        };
        for (bin, count) in self.snapshot.bins(key as usize, EVERY) {
            *durations.counts.entry(of.upper(bin)).or_default() += count;
        }
        durations
    }

    /// Sets a histogram to the amounts that were counted under some keys.
    pub(super) fn fill<I: Iterator<Item = u32>>(
        &self,
        histogram: &mut Histogram,
        measure: usize,
        of: &HistogramBounds,
        shown: &ShownBounds,
        keys: impl Fn() -> I,
    ) {
        let (snapshot, native) = (&self.snapshot, of.native.as_deref());
        let keys = || keys().filter(|key| self.has(*key)).map(|key| key as usize);
        let buckets = &mut histogram.buckets;
        buckets.clear();
        buckets.resize(of.len(), 0);
        let mut native_buckets = vec![0; native.map_or(0, NativeBuckets::len)];
        let mut total = 0_u64;
        for key in keys() {
            total = total.wrapping_add(snapshot.sum(key, measure));
            let bins = snapshot.bins(key, measure);
            match native {
                Some(native) => native.split(bins, buckets, &mut native_buckets),
                // Empty bins may be left out.
                None => {
                    for (bin, count) in bins {
                        if let Some(sum) = buckets.get_mut(bin) {
                            *sum += count;
                        }
                    }
                }
            }
        }
        shown.fold(buckets);
        histogram.sum = total as f64 / of.unit().parts();
        histogram.count = buckets.iter().sum();
        match native {
            Some(native) => native.fill(histogram.native.get_or_insert_default(), &native_buckets),
            // The histogram may have been another family's before.
            None => histogram.native = None,
        }
        histogram.exemplars.clear();
        if snapshot.has_exemplars() {
            histogram.exemplars.resize(histogram.buckets.len(), None);
            for counted in 0..of.len() {
                let exemplars = keys().filter_map(|key| snapshot.exemplar(key, measure, counted));
                let newest = exemplars.max_by_key(|exemplar| exemplar.millis);
                let bucket = histogram.exemplars.get_mut(shown.of(counted));
                if let (Some(newest), Some(bucket)) = (newest, bucket) {
                    offer(bucket, exemplar(newest, of.unit()));
                }
            }
        }
    }
}

/// Keeps the newer one.
fn offer(bucket: &mut Option<Exemplar>, exemplar: Exemplar) {
    let millis = |exemplar: &Exemplar| match exemplar.timestamp {
        Some(Timestamp::Millis(millis)) => millis,
        _ => 0,
    };
    let is_newer = |known: &Exemplar| millis(known) <= millis(&exemplar);
    if bucket.as_ref().is_none_or(is_newer) {
        *bucket = Some(exemplar);
    }
}

/// An exemplar of an amount, as the model has it.
fn exemplar(exemplar: store::Exemplar, unit: Unit) -> Exemplar {
    let mut labels = String::new();
    if let Some(trace) = TraceId::from_bytes(exemplar.id.to_be_bytes()) {
        push_label(&mut labels, "trace_id", &trace.to_string());
    }
    Exemplar {
        labels,
        value: exemplar.amount as f64 / unit.parts(),
        timestamp: Some(Timestamp::Millis(exemplar.millis)),
    }
}
