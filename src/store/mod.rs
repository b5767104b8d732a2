//! Where requests are counted: `begin` and `end` write, `collect` reads, and neither waits for the other.
//!
//! Each thread counts in cells of its own, found by a packed key in a table that is only ever added to. A
//! request writes one word at its start, and the duration and one bucket at its end. Counters, errors, the
//! histogram and the gauge are all derived from these words when they are collected.

mod cells;
mod key;
mod slot;
mod snapshot;
mod table;

pub(crate) use self::{
    key::{Movement, RequestKey, RouteKey},
    snapshot::{Keys, Snapshot},
    table::Table,
};

use self::cells::Cells;
use crate::label::route::RouteId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

pub(crate) struct Store {
    /// Upper bounds of the buckets, in nanoseconds.
    bounds: Box<[u64]>,
    /// By slot, the common one last.
    shards: Box<[OnceLock<Box<Shard>>]>,
    requests: Mutex<KeyList>,
    movements: Mutex<KeyList>,
}

/// What the threads of one slot counted.
struct Shard {
    /// Per request key: the nanoseconds, then the buckets, the last one without a bound.
    requests: Cells,
    /// Per route key and movement: how often.
    movements: Cells,
}

/// The keys seen by any shard, in the order of their first sight.
#[derive(Default)]
struct KeyList {
    keys: Vec<u64>,
    indices: HashMap<u64, u32>,
}

impl Store {
    pub(crate) fn new(bounds: Box<[u64]>) -> Self {
        Self {
            bounds,
            shards: (0..=slot::leasable()).map(|_| OnceLock::new()).collect(),
            requests: Mutex::default(),
            movements: Mutex::default(),
        }
    }

    /// A request started.
    pub(crate) fn begin(&self, key: RouteKey) {
        self.moved(self.shard(), key, Movement::Started);
    }

    /// A request ended that had started under that route.
    pub(crate) fn end(&self, key: RequestKey, start_route: RouteId, nanos: u64) {
        let shard = self.shard();
        if key.route != start_route {
            let RequestKey { method, route, .. } = key;
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
        let bucket = self.bounds.partition_point(|bound| *bound < nanos);
        let key = key.pack();
        shard.requests.add(key, [(0, nanos), (1 + bucket, 1)], || {
            lock(&self.requests).index(key)
        });
    }

    fn moved(&self, shard: &Shard, key: RouteKey, movement: Movement) {
        let key = key.pack(movement);
        shard
            .movements
            .add(key, [(0, 1)], || lock(&self.movements).index(key));
    }

    fn shard(&self) -> &Shard {
        let common = self.shards.len() - 1;
        let slot = slot::current().min(common);
        self.shards[slot].get_or_init(|| Box::new(Shard::new(self.bounds.len(), slot < common)))
    }

    /// The sums over all shards, now.
    ///
    /// Ends are read before starts, so that no request is seen to end without having started.
    pub(crate) fn collect(&self) -> Snapshot {
        let mut snapshot = Snapshot::new(self.bounds.len());
        for shard in self.shards() {
            snapshot.add_ends(shard.requests.iter());
            snapshot.add_movements(shard.movements.iter(), |movement| {
                movement == Movement::Left
            });
        }
        for shard in self.shards() {
            snapshot.add_movements(shard.movements.iter(), |movement| {
                movement != Movement::Left
            });
        }
        snapshot
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards
            .iter()
            .filter_map(OnceLock::get)
            .map(Box::as_ref)
    }

    /// The keys that snapshots count by.
    pub(crate) fn keys(&self) -> Keys {
        let movements = lock(&self.movements)
            .keys
            .iter()
            .map(|key| RouteKey::unpack(*key))
            .collect();
        let requests = lock(&self.requests)
            .keys
            .iter()
            .map(|key| RequestKey::unpack(*key))
            .collect();
        Keys {
            requests,
            movements,
        }
    }
}

impl Shard {
    fn new(bounds: usize, leased: bool) -> Self {
        Self {
            requests: Cells::new(bounds + 2, leased),
            movements: Cells::new(1, leased),
        }
    }
}

impl KeyList {
    fn index(&mut self, key: u64) -> Option<u32> {
        if let Some(index) = self.indices.get(&key) {
            return Some(*index);
        }
        let index = u32::try_from(self.keys.len()).ok()?;
        self.keys.push(key);
        self.indices.insert(key, index);
        Some(index)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
