use super::{
    active_cell::ActiveCell,
    cells::{Cell, Writers, add},
    finished_cell::FinishedCell,
    keys::Key,
    shard::Shard,
};
use std::ptr;

/// The cell of something that is active, and the shard of the thread that started it.
#[derive(Clone, Copy)]
pub(crate) struct Active {
    pub(super) shard: &'static Shard,
    pub(super) cell: &'static ActiveCell,
}

impl Active {
    /// Counts that something started. Not for what a slot shows.
    #[inline(always)]
    pub(super) fn start(self, writers: Writers) {
        add(writers, self.cell.started(), 1);
    }

    /// Counts in a shard that it is no longer active, if it was counted when it started.
    #[inline(always)]
    pub(super) fn end(self, shard: &'static Shard, writers: Writers) {
        if ptr::eq(shard, self.shard) {
            add(writers, self.cell.ended(), 1);
        } else {
            self.end_elsewhere(shard);
        }
    }

    /// Notes where it was counted when it finished in a shard, if it is the first that did so where it started.
    pub(super) fn note_first_finish(self, shard: &'static Shard, cell: &'static FinishedCell) {
        if ptr::eq(shard, self.shard) {
            let _ = self.cell.first_finished.set(cell);
        }
    }

    /// The same as [`end`](Self::end), in another shard than the one that counted its start.
    #[cold]
    fn end_elsewhere(self, shard: &'static Shard) {
        if let Some(cell) = shard.active_cell(Key::unbudgeted(self.cell.key())) {
            add(shard.writers, cell.ended(), 1);
        }
    }
}
