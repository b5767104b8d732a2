//! Where requests are counted: `begin` and `end` write, `collect` reads, and neither waits for the other.
//!
//! Each thread counts in cells of its own, found by a packed key in a table that is only ever added to. A
//! request writes one word at its start, and the duration and one bucket at its end. Counters, errors, the
//! histogram and the gauge are all derived from these words when they are collected.

mod cells;
mod exemplars;
mod key;
mod slot;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    exemplars::Exemplar,
    key::{Movement, RequestKey, RouteKey},
    snapshot::Snapshot,
    table::{HASH_FACTOR, Table},
};

use self::{
    cells::{Cell, Cells},
    exemplars::{ExemplarMap, Exemplars},
};
use crate::{TraceId, label::route::RouteId, native::NativeBuckets};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// How many cells are summed up before others get their turn: a fraction of a millisecond.
const CELLS_PER_PIECE: usize = 1_024;

pub(crate) struct Store {
    /// Upper bounds of the buckets, in nanoseconds.
    bounds: Box<[u64]>,
    native: Option<NativeBuckets>,
    exemplars: Option<Exemplars>,
    /// Keys of requests beyond it are counted under the overflow route.
    most_label_sets: usize,
    /// By slot, the common one last.
    shards: Box<[OnceLock<Shard>]>,
    requests: Mutex<KeyList>,
    movements: Mutex<KeyList>,
}

/// What the threads of one slot counted.
struct Shard {
    /// Per request key: the nanoseconds, then the buckets, the last one without a bound; or the bins that these
    /// and a native histogram's are made of.
    requests: Cells,
    /// Per route key and movement: how often.
    movements: Cells,
}

/// The keys seen by any shard, in the order of their first sight.
#[derive(Default)]
struct KeyList {
    keys: Vec<u64>,
    indices: BTreeMap<u64, u32>,
    /// How many of them the budget is for.
    budgeted: usize,
}

/// What a store is to count.
pub(crate) struct StoreSettings {
    /// Upper bounds of the buckets, in nanoseconds.
    pub(crate) bounds: Box<[u64]>,
    pub(crate) native: Option<NativeBuckets>,
    pub(crate) has_exemplars: bool,
    pub(crate) most_label_sets: usize,
}

impl Store {
    pub(crate) fn new(settings: StoreSettings) -> Self {
        let buckets = settings.bounds.len() + 1;
        Self {
            bounds: settings.bounds,
            native: settings.native,
            exemplars: settings.has_exemplars.then(|| Exemplars::new(buckets)),
            most_label_sets: settings.most_label_sets,
            shards: (0..=slot::leasable()).map(|_| OnceLock::new()).collect(),
            requests: Mutex::default(),
            movements: Mutex::default(),
        }
    }

    /// A request started. The route that the gauge counts it under: its own, if there is room for it.
    #[inline]
    pub(crate) fn begin(&'static self, key: RouteKey) -> RouteId {
        let shard = slot::shard(self);
        match shard.movements.find(key.pack(Movement::Started)) {
            Some(cell) => shard.movements.add(cell, 1, None),
            None => return self.begin_new(shard, key),
        }
        key.route
    }

    /// The first start that a thread sees under a route.
    #[cold]
    fn begin_new(&self, shard: &Shard, mut key: RouteKey) -> RouteId {
        if !self.moved(shard, key, Movement::Started) {
            key.route = key.route.overflow();
            self.moved(shard, key, Movement::Started);
        }
        key.route
    }

    /// A request ended that had started under that route.
    // Two callers, of which one is on every request's way.
    #[inline(always)]
    pub(crate) fn end(&'static self, key: RequestKey, start_route: RouteId, nanos: u64) {
        let shard = slot::shard(self);
        let stayed = key.route == start_route;
        let known = if stayed {
            shard.requests.find(key.pack())
        } else {
            None
        };
        if let Some(cell) = known.or_else(|| self.end_new(shard, key, start_route)) {
            shard.requests.add(cell, nanos, Some(self.bin(nanos)));
        }
    }

    /// A request that belongs to a trace ended, and was counted under that key if there was room for it.
    pub(crate) fn exemplify(&'static self, mut key: RequestKey, nanos: u64, trace: TraceId) {
        let Some(exemplars) = &self.exemplars else {
            return;
        };
        if slot::shard(self).requests.find(key.pack()).is_none() {
            key.route = key.route.overflow();
        }
        let bucket = match &self.native {
            Some(native) => native.classic(native.bin(nanos)),
            None => self.bin(nanos),
        };
        exemplars.offer(key, bucket, trace, nanos);
    }

    /// The first end that a thread sees under a key, or one under another route than it started with.
    #[cold]
    fn end_new<'a>(
        &self,
        shard: &'a Shard,
        mut key: RequestKey,
        start_route: RouteId,
    ) -> Option<&'a Cell> {
        let cell = |key: RequestKey| {
            let index = || self.index(&self.requests, key.pack(), key.route.is_overflow());
            shard.requests.find_or_insert(key.pack(), index)
        };
        let mut found = cell(key);
        if found.is_none() {
            key.route = key.route.overflow();
            found = cell(key);
        }
        if key.route != start_route {
            let (route, method) = (key.route, key.method.alone());
            // In this order: a scrape reads what leaves before what comes.
            self.moved(shard, RouteKey { route, method }, Movement::Arrived);
            self.moved(
                shard,
                RouteKey {
                    route: start_route,
                    method,
                },
                Movement::Left,
            );
        }
        found
    }

    /// `false` if there is no room for one more route to start under.
    fn moved(&self, shard: &Shard, key: RouteKey, movement: Movement) -> bool {
        let always = key.route.is_overflow() || movement != Movement::Started;
        let key = key.pack(movement);
        let index = || self.index(&self.movements, key, always);
        let cell = shard.movements.find_or_insert(key, index);
        if let Some(cell) = cell {
            shard.movements.add(cell, 1, None);
        }
        cell.is_some()
    }

    /// The index of a key in its list, unless it is new and past the budget that is for all but some.
    fn index(&self, list: &Mutex<KeyList>, key: u64, always: bool) -> Option<u32> {
        let mut list = lock(list);
        let known = list.get(key);
        if known.is_some() || always {
            return known.or_else(|| list.add(key));
        }
        if list.budgeted >= self.most_label_sets {
            return None;
        }
        list.budgeted += 1;
        list.add(key)
    }

    /// Whether new label sets are past the budget.
    pub(crate) fn is_full(&self) -> bool {
        lock(&self.requests).budgeted >= self.most_label_sets
    }

    /// Where a duration is counted: in a bucket, or in a bin of two histograms.
    fn bin(&self, nanos: u64) -> usize {
        if let Some(native) = &self.native {
            return native.bin(nanos);
        }
        // Linear: most requests are fast, so that their bucket is among the first.
        let within = |bound: &u64| nanos <= *bound;
        self.bounds
            .iter()
            .position(within)
            .unwrap_or(self.bounds.len())
    }

    fn bins(&self) -> usize {
        let native = self.native.as_ref();
        native.map_or(self.bounds.len() + 1, NativeBuckets::bins)
    }

    /// The shard of a slot.
    fn shard_of(&self, slot: usize) -> &Shard {
        let common = self.shards.len() - 1;
        let slot = slot.min(common);
        self.shards[slot].get_or_init(|| Shard::new(self.bins(), slot < common))
    }

    /// Begins to sum up the requests of all shards.
    pub(crate) fn collect(&'static self) -> Collecting {
        let keys = lock(&self.requests).keys.len();
        Collecting {
            snapshot: Snapshot::new(self.bounds.len() + 1, self.native.as_ref(), keys),
            shard: 0,
        }
    }

    /// Sums up some shards more; the snapshot after the last.
    pub(crate) fn collect_some(&self, collecting: &mut Collecting) -> Option<Snapshot> {
        let mut cells = 0;
        while cells < CELLS_PER_PIECE {
            let Some(shard) = self.shards.get(collecting.shard) else {
                let mut snapshot = std::mem::take(&mut collecting.snapshot);
                snapshot.set_exemplars(self.read_exemplars());
                return Some(snapshot);
            };
            if let Some(shard) = shard.get() {
                cells += collecting.snapshot.add(shard.requests.iter());
            }
            collecting.shard += 1;
        }
        None
    }

    fn read_exemplars(&self) -> ExemplarMap {
        let index = |key| lock(&self.requests).get(key);
        let exemplars = self.exemplars.as_ref();
        exemplars.map_or_else(ExemplarMap::new, |exemplars| exemplars.read(index))
    }

    /// How many requests are in flight under a route, now: those that came and did not end, whatever ended
    /// them. `ended` are all keys that requests ended with under it.
    ///
    /// Ends are read before starts, so that no request is seen to end without having started; and right
    /// before, since those that start and end in between are taken to be in flight.
    pub(crate) fn in_flight(
        &self,
        ended: impl Iterator<Item = RequestKey>,
        route: RouteKey,
    ) -> u64 {
        let moved = |movement| self.sum(|shard| shard.movements.sum(route.pack(movement), 0..1));
        let mut gone = moved(Movement::Left);
        for key in ended {
            let bins = 1..self.bins() + 1;
            gone += self.sum(|shard| shard.requests.sum(key.pack(), bins.clone()));
        }
        let came = moved(Movement::Arrived) + moved(Movement::Started);
        came.saturating_sub(gone)
    }

    fn sum(&self, of: impl Fn(&Shard) -> u64) -> u64 {
        self.shards.iter().filter_map(OnceLock::get).map(of).sum()
    }

    /// How many keys there are, of requests and of routes in flight.
    pub(crate) fn key_counts(&self) -> (usize, usize) {
        let requests = lock(&self.requests).keys.len();
        (requests, lock(&self.movements).keys.len())
    }

    /// Keys of requests in the order of their first sight, which is that of a snapshot's indices.
    pub(crate) fn request_keys(&self, from: usize, most: usize) -> Vec<RequestKey> {
        lock(&self.requests)
            .some(from, most)
            .map(RequestKey::unpack)
            .collect()
    }

    /// Keys of routes in flight, likewise.
    pub(crate) fn movement_keys(&self, from: usize, most: usize) -> Vec<(RouteKey, Movement)> {
        lock(&self.movements)
            .some(from, most)
            .map(RouteKey::unpack)
            .collect()
    }
}

/// A snapshot on its way.
pub(crate) struct Collecting {
    snapshot: Snapshot,
    shard: usize,
}

impl Shard {
    fn new(bins: usize, leased: bool) -> Self {
        Self {
            requests: Cells::new(1 + bins, leased),
            movements: Cells::new(1, leased),
        }
    }
}

impl KeyList {
    fn some(&self, from: usize, most: usize) -> impl Iterator<Item = u64> {
        self.keys.iter().copied().skip(from).take(most)
    }

    fn get(&self, key: u64) -> Option<u32> {
        self.indices.get(&key).copied()
    }

    /// Adds a key that is not there, if its index is a number that there is.
    fn add(&mut self, key: u64) -> Option<u32> {
        let index = u32::try_from(self.keys.len()).ok()?;
        if self.keys.len() == self.keys.capacity() {
            // By a quarter and not by all: a store may have many keys, and seldom gets new ones.
            self.keys.reserve_exact(16 + self.keys.len() / 4);
        }
        self.keys.push(key);
        self.indices.insert(key, index);
        Some(index)
    }
}

/// What the crate's locks guard is whole at any time, so that a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
