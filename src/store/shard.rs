use super::{
    active_cell::{self, ActiveCell},
    cells::{Cells, Writers},
    finished_cell::FinishedCell,
    keys::Key,
    mark::Mark,
    shared::Shared,
    slab::Slab,
};
use std::sync::atomic::Ordering;

/// The counts of one lease, which one thread after another holds, or those of all threads without a lease.
pub(super) struct Shard {
    pub(super) shared: &'static Shared,
    pub(super) writers: Writers,
    pub(super) finished: Cells<FinishedCell>,
    pub(super) active: Cells<ActiveCell>,
    finished_words: Slab,
    active_words: Slab,
}

impl Shard {
    pub(super) fn new(shared: &'static Shared, writers: Writers) -> Self {
        Self {
            shared,
            writers,
            finished: Cells::new(),
            active: Cells::new(),
            finished_words: Slab::new(shared.layout.words),
            active_words: Slab::new(active_cell::WORDS),
        }
    }

    /// The cell of a key, or of the key that it overflows to. `None` if there is no room for either.
    pub(super) fn finished_cell(&self, key: Key) -> Option<&FinishedCell> {
        let blocks = self.shared.layout.blocks;
        let make = |key, index| FinishedCell::new(key, index, self.finished_words.cut(), blocks);
        self.finished.get(&self.shared.finished, key, make)
    }

    /// The same of what is active.
    pub(super) fn active_cell(&self, key: Key) -> Option<&ActiveCell> {
        let make = |key, index| {
            let mark = Mark::new(self.shared.number, index);
            ActiveCell::new(key, mark, self.active_words.cut())
        };
        self.active.get(&self.shared.active, key, make)
    }

    /// How many things of a key started here.
    pub(super) fn started(&self, key: u64) -> u64 {
        let cell = self.active.find(key);
        cell.map_or(0, |cell| cell.started().load(Ordering::Acquire))
    }

    /// How many things of a key ended here.
    pub(super) fn ended(&self, key: u64) -> u64 {
        let cell = self.active.find(key);
        cell.map_or(0, |cell| cell.ended().load(Ordering::Acquire))
    }
}
