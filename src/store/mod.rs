//! Counts things that start and finish, by keys that only the caller understands. `start`, `finish` and slots write,
//! `collect`, `active` and `count_shown` read, and neither waits for the other.
//!
//! Each thread counts in a shard of its own. A shard finds the cell of a key in a table that is only added to. A
//! finish adds to a sum and to one bin for each measure. What is active is seen in slots, which the caller holds, or in
//! counters: there, a start adds to one word, and its end to another one.
//!
//! A key that a shard knows takes no lock, and neither does one past the budget, once the shard knows what stands for
//! it. A key that is new to a shard takes the shard's lock once; one that is new to the store takes the store's, too.

mod active;
mod active_cell;
mod cells;
mod exemplars;
mod finished;
mod finished_cell;
mod keys;
mod layout;
mod lease;
mod mark;
mod shard;
mod shared;
mod slab;
mod slot;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    active::Active,
    exemplars::Exemplar,
    finished::Finished,
    keys::{Key, Keys},
    shared::StoreSettings,
    slot::{Shown, Slot},
    snapshot::Snapshot,
};

use self::{
    cells::{Cell, Writers},
    shard::Shard,
    shared::Shared,
};
use crate::histogram::Bins;
use std::{ptr, sync::OnceLock};

pub(crate) struct Store {
    shared: Shared,
    /// By the number of the lease; the common shard is the last. Each is made when a thread first needs it.
    shards: Box<[OnceLock<Box<Shard>>]>,
}

impl Store {
    pub(crate) fn new(settings: StoreSettings) -> Self {
        Self {
            shared: Shared::new(settings),
            shards: (0..=lease::max_leases()).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Counts that something started. `None` if there is no room for its key.
    #[inline(always)]
    pub(crate) fn start(&'static self, key: Key) -> Option<Active> {
        debug_assert!(!self.shared.has_slots);
        if let Some(active) = self.active_near(key.key) {
            active.start(Writers::One);
            return Some(active);
        }
        let active = self.active_far(key)?;
        active.start(active.shard.writers);
        Some(active)
    }

    /// Finds what a [`Slot`] shows of something that starts. `None` if there is no room for its key.
    // Left to the compiler, it is a call with a frame of its own: 30 instructions.
    #[inline(always)]
    pub(crate) fn find_active(&'static self, key: Key) -> Option<Active> {
        self.active_near(key.key).or_else(|| self.active_far(key))
    }

    /// The same, if that is quickly found: this thread has a lease and has written no other store since, and the key is
    /// known.
    #[inline(always)]
    fn active_near(&'static self, key: u64) -> Option<Active> {
        let shard = lease::last_of(&self.shared)?;
        let cell = shard.active.find_near(key)?;
        Some(Active { shard, cell })
    }

    // Not in parts where they are needed: values that live across several calls cost the others 6 instructions.
    #[inline(never)]
    fn active_far(&'static self, key: Key) -> Option<Active> {
        let shard = self.shard();
        let cell = shard.active_cell(key)?;
        Some(Active { shard, cell })
    }

    /// Finds where something that finished is counted. It may have started on another thread, or not at all.
    pub(crate) fn finish(&'static self, key: Key, active: Option<Active>) -> Finished {
        let shard = self.shard();
        let cell = shard.finished_cell(key);
        if let (Some(active), Some(cell)) = (active, cell) {
            active.note_first_finish(shard, cell);
        }
        Finished::new(shard, shard.writers, cell, active)
    }

    /// The same, if that is quickly found: it started on this thread, which has a lease and has written no other store
    /// since, and its key is known.
    #[inline(always)]
    pub(crate) fn finish_near(&'static self, key: u64, active: Option<Active>) -> Option<Finished> {
        let Active { shard, cell } = active?;
        debug_assert!(ptr::eq(shard.shared, &self.shared));
        if !lease::is_last(shard) {
            return None;
        }
        let first = *cell.first_finished.get()?;
        let cell = match first.key() == key {
            true => first,
            false => shard.finished.find_near(key)?,
        };
        Some(Finished::new(shard, Writers::One, Some(cell), active))
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
        let writers = match lease < common {
            true => Writers::One,
            false => Writers::Many,
        };
        self.shards[lease].get_or_init(|| Box::new(Shard::new(&self.shared, writers)))
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

    /// How many things of a key are active now, if counters say so: 0 if slots do.
    ///
    /// Ends are read before starts, and whoever sees an end sees its start. So there are never more ends than starts.
    pub(crate) fn active(&self, key: u64) -> u64 {
        if self.shared.has_slots {
            return 0;
        }
        let ended: u64 = self.shards().map(|shard| shard.ended(key)).sum();
        let started: u64 = self.shards().map(|shard| shard.started(key)).sum();
        started.saturating_sub(ended)
    }

    /// Counts some more of what slots show. `false` once all are counted.
    pub(crate) fn count_shown(&self, shown: &mut Shown) -> bool {
        self.shared.has_slots && shown.read_some(self.shared.number)
    }

    /// Counts that something is no longer active that did not finish, and is counted nowhere else.
    pub(crate) fn leave(&'static self, active: Active) {
        let shard = self.shard();
        active.end(shard, shard.writers);
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
