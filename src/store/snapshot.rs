use super::{
    cells::Cell,
    exemplars::{Exemplar, ExemplarMap},
};

/// What all shards counted of requests, summed up per key. Keys are named by their index in the store's list.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Words per key: the nanoseconds, the buckets, then those of the native histogram.
    width: usize,
    buckets: usize,
    words: Vec<u64>,
    exemplars: ExemplarMap,
}

impl Snapshot {
    pub(super) fn new(buckets: usize, native_buckets: usize, keys: usize) -> Self {
        let width = 1 + buckets + native_buckets;
        Self {
            width,
            buckets,
            words: Vec::with_capacity(keys * width),
            exemplars: ExemplarMap::new(),
        }
    }

    pub(super) fn set_exemplars(&mut self, exemplars: ExemplarMap) {
        self.exemplars = exemplars;
    }

    /// How many cells it added.
    pub(super) fn add<'a>(&mut self, cells: impl Iterator<Item = &'a Cell>) -> usize {
        let buckets = self.buckets;
        let both = self.native_bucket_count() > 0;
        cells
            .map(|cell| match (self.words_of(cell.index), both) {
                (sums, true) => cell.add_both_into(buckets, sums),
                (sums, false) => cell.add_into(sums),
            })
            .count()
    }

    fn words_of(&mut self, index: u32) -> &mut [u64] {
        let start = index as usize * self.width;
        let end = start + self.width;
        if self.words.len() < end {
            self.words.resize(end, 0);
        }
        &mut self.words[start..end]
    }

    pub(crate) fn bucket_count(&self) -> usize {
        self.buckets
    }

    /// How many the native histogram has, 0 if there is none.
    pub(crate) fn native_bucket_count(&self) -> usize {
        self.width - 1 - self.buckets
    }

    /// Whether any request is an exemplar.
    pub(crate) fn has_exemplars(&self) -> bool {
        !self.exemplars.is_empty()
    }

    /// The summed durations of a key, in nanoseconds.
    pub(crate) fn nanos(&self, index: u32) -> u64 {
        self.get(index).first().copied().unwrap_or(0)
    }

    /// The buckets of a key, not cumulated; empty if it was first seen after the snapshot.
    pub(crate) fn buckets(&self, index: u32) -> &[u64] {
        self.get(index).get(1..=self.buckets).unwrap_or(&[])
    }

    /// The buckets of a key's native histogram, likewise.
    pub(crate) fn native_buckets(&self, index: u32) -> &[u64] {
        self.get(index).get(1 + self.buckets..).unwrap_or(&[])
    }

    /// The exemplar of a key's bucket.
    pub(crate) fn exemplar(&self, index: u32, bucket: usize) -> Option<Exemplar> {
        self.exemplars.get(&(index, bucket)).copied()
    }

    /// How many requests ended with a key.
    pub(crate) fn count(&self, index: u32) -> u64 {
        self.buckets(index).iter().sum()
    }

    fn get(&self, index: u32) -> &[u64] {
        let start = index as usize * self.width;
        self.words.get(start..start + self.width).unwrap_or(&[])
    }
}
