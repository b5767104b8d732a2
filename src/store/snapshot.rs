use super::cells::Cell;

/// What all shards counted of requests, summed up per key. Keys are named by their index in the store's list.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Words per key: the nanoseconds, then the buckets.
    width: usize,
    words: Vec<u64>,
}

impl Snapshot {
    pub(super) fn new(bounds: usize, keys: usize) -> Self {
        let width = bounds + 2;
        Self {
            width,
            words: Vec::with_capacity(keys * width),
        }
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
        self.width - 1
    }

    /// The summed durations of a key, in nanoseconds.
    pub(crate) fn nanos(&self, index: u32) -> u64 {
        self.get(index).first().copied().unwrap_or(0)
    }

    /// The buckets of a key, not cumulated; empty if it was first seen after the snapshot.
    pub(crate) fn buckets(&self, index: u32) -> &[u64] {
        self.get(index).get(1..).unwrap_or(&[])
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
