//! Counts things that start and finish, by keys that only the caller understands. `start` and `finish` write,
//! `collect` and `active` read, and neither waits for the other.
//!
//! Each thread counts in a shard of its own. A shard finds the cell of a key in a table that is only added to. A
//! start adds to one word. A finish adds to another one and, for each measure, to a sum and to one bin.
//!
//! A key that a shard knows takes no lock, and neither does one past the budget, once the shard knows what stands for
//! it. A key that is new to a shard takes the shard's lock once; one that is new to the store takes the store's, too.

mod cells;
mod exemplars;
mod keys;
mod layout;
mod lease;
mod shard;
mod shared;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    exemplars::Exemplar,
    keys::{Key, Keys},
    shared::StoreSettings,
    snapshot::Snapshot,
};

use self::{
    cells::Cell,
    layout::Measure,
    shard::{FINISHED, STARTED, Shard},
    shared::Shared,
};
use crate::histogram::Bins;
use std::{ptr, sync::OnceLock};

pub(crate) struct Store {
    shared: Shared,
    /// By the number of the lease; the common shard is the last. Each is made when a thread first needs it.
    shards: Box<[OnceLock<Box<Shard>>]>,
}

/// Something that was started and is not finished.
#[derive(Clone, Copy)]
pub(crate) struct Active {
    shard: &'static Shard,
    cell: &'static Cell,
}

/// Something that finished. The caller adds its measures, and then ends it.
#[derive(Clone, Copy)]
pub(crate) struct Finished {
    shard: &'static Shard,
    cell: Option<&'static Cell>,
}

impl Store {
    pub(crate) fn new(settings: StoreSettings) -> Self {
        Self {
            shared: Shared::new(settings),
            shards: (0..=lease::max_leases()).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Counts that something started. `None` if there is no room for its key.
    // Left to the compiler, it is a call with a frame of its own: 30 instructions.
    #[inline(always)]
    pub(crate) fn start(&'static self, key: Key) -> Option<Active> {
        if let Some(shard) = lease::last_of(&self.shared) {
            if let Some(cell) = shard.active.find_near(key.key) {
                return Some(Active::start(shard, cell));
            }
        }
        self.start_far(key)
    }

    // Not in parts where they are needed: values that live across several calls cost the others 6 instructions.
    #[inline(never)]
    fn start_far(&'static self, key: Key) -> Option<Active> {
        let shard = self.shard();
        let cell = match shard.active.find(key.key) {
            Some(cell) => cell,
            None => shard.active.find_or_insert(&self.shared.active, key)?,
        };
        Some(Active::start(shard, cell))
    }

    /// Finds where something that finished is counted. It may have started on another thread.
    pub(crate) fn finish(&'static self, key: Key) -> Finished {
        let shard = self.shard();
        let cell = match shard.finished.find(key.key) {
            Some(cell) => Some(cell),
            None => shard.finished.find_or_insert(&self.shared.finished, key),
        };
        Finished { shard, cell }
    }

    /// The same, if that is quickly found: it started on this thread, which has written no other store since, and its
    /// key is known.
    #[inline(always)]
    pub(crate) fn finish_near(&'static self, key: u64, active: Active) -> Option<Finished> {
        let shard = active.shard;
        let cell = match lease::is_last(shard) {
            true => shard.finished.find_near(key)?,
            false => return None,
        };
        Some(Finished {
            shard,
            cell: Some(cell),
        })
    }

    /// The shard that this thread writes.
    fn shard(&'static self) -> &'static Shard {
        lease::shard(&self.shared, |lease| self.shard_of(lease))
    }

    /// Whether the budget is used up.
    pub(crate) fn is_full(&self) -> bool {
        self.shared.finished.is_full()
    }

    /// The budget.
    #[cfg(feature = "page")]
    pub(crate) fn max_label_sets(&self) -> usize {
        self.shared.finished.budget()
    }

    /// The shard of a lease.
    fn shard_of(&'static self, lease: usize) -> &'static Shard {
        let common = self.shards.len() - 1;
        let lease = lease.min(common);
        self.shards[lease].get_or_init(|| Box::new(Shard::new(&self.shared, lease < common)))
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.iter().filter_map(OnceLock::get).map(|it| &**it)
    }

    /// The keys of finished things, by the index that a snapshot has them under.
    pub(crate) fn finished_keys(&self) -> &Keys {
        &self.shared.finished
    }

    /// The keys of started things, by index.
    pub(crate) fn active_keys(&self) -> &Keys {
        &self.shared.active
    }

    /// How many things of a key are active now.
    ///
    /// The finished ones are read before the started ones, and whoever sees a finish sees its start. So there are
    /// never more finished than started ones.
    pub(crate) fn active(&self, key: u64) -> u64 {
        let sum = |word| self.shards().map(|shard| shard.active.get(key, word)).sum();
        let finished: u64 = sum(FINISHED);
        let started: u64 = sum(STARTED);
        started.saturating_sub(finished)
    }

    /// Counts that something is no longer active that did not finish, and is counted nowhere else.
    pub(crate) fn leave(&'static self, active: Active) {
        active.end(self.shard());
    }

    /// Adds keys that nothing was counted under yet: of something that will finish, and of something active.
    pub(crate) fn initialize(&self, finished: Key, active: Key) {
        self.shared.finished.resolve(finished);
        self.shared.active.resolve(active);
    }

    /// The bins of a measure.
    pub(crate) fn bins(&self, measure: usize) -> Option<&Bins> {
        self.shared
            .measures
            .get(measure)
            .map(|measure| &measure.bins)
    }
}

impl Active {
    #[inline]
    fn start(shard: &'static Shard, cell: &'static Cell) -> Self {
        shard.active.add(cell, STARTED, 1);
        Self { shard, cell }
    }

    /// Counts in that shard that it is no longer active.
    #[inline(always)]
    fn end(self, shard: &'static Shard) {
        if ptr::eq(shard, self.shard) {
            shard.active.add(self.cell, FINISHED, 1);
        } else {
            shard.finish_elsewhere(self.cell);
        }
    }
}

impl Finished {
    /// Adds an amount to a measure.
    #[inline(always)]
    pub(crate) fn observe(&self, measure: usize, amount: u64) {
        let Some(cell) = self.cell else { return };
        if let Some(Measure { bins, place }) = self.shard.shared.measures.get(measure) {
            let cells = &self.shard.finished;
            cells.add(cell, place.sum, amount);
            cells.add_to_bin(cell, place, bins.find(amount));
        }
    }

    /// Counts that it is no longer active. To be called last: where nothing is active, everything is counted.
    #[inline(always)]
    pub(crate) fn end(self, active: Active) {
        active.end(self.shard);
    }

    /// Offers it as the exemplar of the bucket that the amount falls into.
    #[cold]
    pub(crate) fn exemplify(&self, measure: usize, amount: u64, id: u128) {
        let of = self.shard.shared.measures.get(measure);
        let exemplars = self.shard.shared.exemplars.as_ref();
        if let (Some(cell), Some(of), Some(exemplars)) = (self.cell, of, exemplars) {
            let bucket = of.bins.classic(of.bins.find(amount));
            exemplars.offer(cell.index, (measure, bucket), id, amount);
        }
    }
}
