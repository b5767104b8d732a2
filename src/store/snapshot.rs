use super::{
    cells::Cell,
    exemplars::{Exemplar, ExemplarMap},
};
use crate::native::NativeBuckets;

/// What all shards counted of requests, summed up per key. Keys are named by their index in the store's list.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Words per key: the nanoseconds, then the bins.
    width: usize,
    buckets: usize,
    native: Option<&'static NativeBuckets>,
    words: Vec<u64>,
    exemplars: ExemplarMap,
}

impl Snapshot {
    pub(super) fn new(buckets: usize, native: Option<&'static NativeBuckets>, keys: usize) -> Self {
        let width = 1 + native.map_or(buckets, NativeBuckets::bins);
        Self {
            width,
            buckets,
            native,
            words: Vec::with_capacity(keys * width),
            exemplars: ExemplarMap::new(),
        }
    }

    pub(super) fn set_exemplars(&mut self, exemplars: ExemplarMap) {
        self.exemplars = exemplars;
    }

    /// How many cells it added.
    pub(super) fn add<'a>(&mut self, cells: impl Iterator<Item = &'a Cell>) -> usize {
        cells
            .map(|cell| cell.add_into(self.words_of(cell.index)))
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
        self.native.map_or(0, NativeBuckets::len)
    }

    /// Whether any request is an exemplar.
    pub(crate) fn has_exemplars(&self) -> bool {
        !self.exemplars.is_empty()
    }

    /// The summed durations of a key, in nanoseconds.
    pub(crate) fn nanos(&self, index: u32) -> u64 {
        self.get(index).first().copied().unwrap_or(0)
    }

    /// Adds the buckets of a key, not cumulated, to these: nothing if it was first seen after the snapshot.
    pub(crate) fn add_to(&self, index: u32, buckets: &mut [u64], native_buckets: &mut [u64]) {
        match self.native {
            Some(native) => native.split(self.bins(index), buckets, native_buckets),
            None => {
                for (sum, count) in buckets.iter_mut().zip(self.bins(index)) {
                    *sum += count;
                }
            }
        }
    }

    fn bins(&self, index: u32) -> &[u64] {
        self.get(index).get(1..).unwrap_or(&[])
    }

    /// The exemplar of a key's bucket.
    pub(crate) fn exemplar(&self, index: u32, bucket: usize) -> Option<Exemplar> {
        self.exemplars.get(&(index, bucket)).copied()
    }

    /// How many requests ended with a key.
    pub(crate) fn count(&self, index: u32) -> u64 {
        self.bins(index).iter().sum()
    }

    fn get(&self, index: u32) -> &[u64] {
        let start = index as usize * self.width;
        self.words.get(start..start + self.width).unwrap_or(&[])
    }
}
