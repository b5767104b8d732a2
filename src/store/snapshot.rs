use super::{Movement, RequestKey, RouteKey, cells::Cell};

/// What all shards counted, summed up per key. Keys are named by their index in [`Keys`].
pub(crate) struct Snapshot {
    /// Words per request key: the nanoseconds, then the buckets.
    width: usize,
    requests: Vec<u64>,
    movements: Vec<u64>,
}

/// The keys of a store in the order of their first sight. New ones are added at the end.
pub(crate) struct Keys {
    pub(crate) requests: Vec<RequestKey>,
    pub(crate) movements: Vec<(RouteKey, Movement)>,
}

impl Snapshot {
    pub(super) fn new(bounds: usize) -> Self {
        Self {
            width: bounds + 2,
            requests: Vec::new(),
            movements: Vec::new(),
        }
    }

    pub(super) fn add_ends<'a>(&mut self, cells: impl Iterator<Item = &'a Cell>) {
        for cell in cells {
            cell.add_into(words(&mut self.requests, cell.index, self.width));
        }
    }

    pub(super) fn add_movements<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a Cell>,
        wanted: impl Fn(Movement) -> bool,
    ) {
        for cell in cells.filter(|cell| wanted(RouteKey::unpack(cell.key).1)) {
            cell.add_into(words(&mut self.movements, cell.index, 1));
        }
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
