//! What a layer's store counted. No other file in `gather` touches the store.

use crate::{
    histogram::NativeBuckets,
    label::Routes,
    model::{Exemplar, Histogram, Timestamp, push_label},
    request::{ActiveKey, Amount, RequestKey, TraceId},
    store::{self, Keys, Snapshot, Store},
    sync::yield_now,
};

#[derive(Clone, Copy)]
pub(crate) struct Source {
    pub(crate) store: &'static Store,
    pub(crate) routes: &'static Routes,
}

/// How many keys there are: of finished requests, and of active ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyCounts {
    pub(super) finished: usize,
    pub(super) active: usize,
}

impl Source {
    pub(super) fn key_counts(&self) -> KeyCounts {
        KeyCounts {
            finished: self.store.finished_keys().len(),
            active: self.store.active_keys().len(),
        }
    }

    pub(super) fn finished_keys(
        &self,
        from: usize,
        most: usize,
    ) -> impl Iterator<Item = RequestKey> {
        keys(self.store.finished_keys(), from, most).map(RequestKey::unpack)
    }

    pub(super) fn finished_key(&self, index: u32) -> Option<RequestKey> {
        self.finished_keys(index as usize, 1).next()
    }

    pub(super) fn active_keys(&self, from: usize, most: usize) -> impl Iterator<Item = ActiveKey> {
        keys(self.store.active_keys(), from, most).map(ActiveKey::unpack)
    }

    pub(super) fn active_key(&self, index: u32) -> Option<ActiveKey> {
        self.active_keys(index as usize, 1).next()
    }

    /// How many requests of a key are in flight now.
    pub(super) fn active(&self, key: u32) -> u64 {
        let seen = self.store.active_keys().get(key as usize);
        seen.map_or(0, |seen| self.store.active(seen.key))
    }

    /// Sums up what was counted under these keys.
    pub(super) async fn collect(&self, keys: KeyCounts) -> Counts {
        let mut collecting = self.store.collect();
        loop {
            if let Some(snapshot) = self.store.collect_some(&mut collecting) {
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

fn keys(keys: &'static Keys, from: usize, most: usize) -> impl Iterator<Item = u64> {
    (from..from + most).map_while(|index| Some(keys.get(index)?.key))
}

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
    pub(super) fn width(&self, amount: Amount) -> usize {
        let bins = self.source.store.bins(amount.measure());
        bins.map_or(0, |bins| bins.len())
    }

    pub(super) fn label_sets(&self) -> u64 {
        self.keys as u64
    }

    pub(super) fn requests(&self, key: u32) -> u64 {
        if !self.has(key) {
            return 0;
        }
        self.snapshot
            .count(key as usize, Amount::Duration.measure())
    }

    /// When the counting of a key began, in milliseconds since 1970.
    pub(super) fn created(&self, key: u32) -> Option<u64> {
        let seen = self.source.store.finished_keys().get(key as usize);
        seen.map(|seen| seen.since)
    }

    /// Sets a histogram to the durations that were counted under some keys.
    pub(super) fn fill<I: Iterator<Item = u32>>(
        &self,
        histogram: &mut Histogram,
        amount: Amount,
        native: Option<&NativeBuckets>,
        keys: impl Fn() -> I,
    ) {
        let (snapshot, measure) = (&self.snapshot, amount.measure());
        let keys = || keys().filter(|key| self.has(*key)).map(|key| key as usize);
        let buckets = &mut histogram.buckets;
        buckets.clear();
        buckets.resize(histogram.bounds.len() + 1, 0);
        let mut native_buckets = vec![0; native.map_or(0, NativeBuckets::len)];
        let mut total = 0_u64;
        for key in keys() {
            total = total.wrapping_add(snapshot.sum(key, measure));
            let bins = snapshot.bins(key, measure);
            match native {
                Some(native) => native.split(bins, buckets, &mut native_buckets),
                None => {
                    for (sum, (_, count)) in buckets.iter_mut().zip(bins) {
                        *sum += count;
                    }
                }
            }
        }
        histogram.sum = total as f64 / amount.per_unit();
        histogram.count = buckets.iter().sum();
        if let Some(native) = native {
            let sparse = histogram.native.get_or_insert_default();
            native.fill(sparse, &native_buckets);
        }
        histogram.exemplars.clear();
        if snapshot.has_exemplars() {
            let newest = |bucket| {
                let exemplars = keys().filter_map(|key| snapshot.exemplar(key, measure, bucket));
                exemplars.max_by_key(|exemplar| exemplar.millis)
            };
            let exemplars = (0..histogram.buckets.len()).map(newest);
            histogram
                .exemplars
                .extend(exemplars.map(|it| it.map(|it| shown(it, amount))));
        }
    }
}

/// An exemplar of an amount, as the model has it.
fn shown(exemplar: store::Exemplar, amount: Amount) -> Exemplar {
    let mut labels = String::new();
    if let Some(trace) = TraceId::from_bytes(exemplar.id.to_be_bytes()) {
        push_label(&mut labels, "trace_id", &trace.to_string());
    }
    Exemplar {
        labels,
        value: exemplar.amount as f64 / amount.per_unit(),
        timestamp: Some(Timestamp::Millis(exemplar.millis)),
    }
}
