use super::{Movement, RouteKey, cells::Cell};

/// What all shards counted, summed up per key. Keys are named by their index in the store's lists of them.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Words per request key: the nanoseconds, then the buckets.
    width: usize,
    requests: Vec<u64>,
    movements: Vec<u64>,
}

impl Snapshot {
    pub(super) fn new(bounds: usize, requests: usize, movements: usize) -> Self {
        let width = bounds + 2;
        Self {
            width,
            requests: Vec::with_capacity(requests * width),
            movements: Vec::with_capacity(movements),
        }
    }

    /// How many cells it added.
    pub(super) fn add_ends<'a>(&mut self, cells: impl Iterator<Item = &'a Cell>) -> usize {
        let add = |cell: &Cell| cell.add_into(words(&mut self.requests, cell.index, self.width));
        cells.map(add).count()
    }

    /// How many cells it added.
    pub(super) fn add_movements<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a Cell>,
        wanted: impl Fn(Movement) -> bool,
    ) -> usize {
        let cells = cells.filter(|cell| wanted(RouteKey::unpack(cell.key).1));
        cells
            .map(|cell| cell.add_into(words(&mut self.movements, cell.index, 1)))
            .count()
    }

    pub(crate) fn bucket_count(&self) -> usize {
        self.width - 1
    }

    /// The summed durations of a request key, in nanoseconds.
    pub(crate) fn nanos(&self, index: u32) -> u64 {
        self.request(index).first().copied().unwrap_or(0)
    }

    /// The buckets of a request key, not cumulated; empty if it was first seen after the snapshot.
    pub(crate) fn buckets(&self, index: u32) -> &[u64] {
        self.request(index).get(1..).unwrap_or(&[])
    }

    /// How many requests ended with a request key.
    pub(crate) fn count(&self, index: u32) -> u64 {
        self.buckets(index).iter().sum()
    }

    /// How often a movement happened.
    pub(crate) fn moved(&self, index: u32) -> u64 {
        self.movements.get(index as usize).copied().unwrap_or(0)
    }

    fn request(&self, index: u32) -> &[u64] {
        let start = index as usize * self.width;
        self.requests.get(start..start + self.width).unwrap_or(&[])
    }
}

fn words(sums: &mut Vec<u64>, index: u32, width: usize) -> &mut [u64] {
    let start = index as usize * width;
    if sums.len() < start + width {
        sums.resize(start + width, 0);
    }
    &mut sums[start..start + width]
}
