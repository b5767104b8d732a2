use super::{
    cells::{Cell, Cells},
    keys::Key,
    shared::Shared,
};

/// The words of an active cell: how many things started here, and how many finished here.
pub(super) const STARTED: usize = 0;
pub(super) const FINISHED: usize = 1;

/// The counts of one lease, which one thread after another holds.
pub(super) struct Shard {
    pub(super) shared: &'static Shared,
    pub(super) finished: Cells,
    pub(super) active: Cells,
}

impl Shard {
    pub(super) fn new(shared: &'static Shared, leased: bool) -> Self {
        let layout = &shared.layout;
        Self {
            shared,
            finished: Cells::new(layout.words, layout.blocks, leased),
            active: Cells::new(2, 0, leased),
        }
    }

    /// Counts that something finished here that was started in another shard.
    #[cold]
    pub(super) fn finish_elsewhere(&'static self, started: &Cell) {
        let key = Key {
            key: started.key,
            overflow: started.key,
        };
        let cell = self.active.find(started.key);
        if let Some(cell) = cell.or_else(|| self.active.find_or_insert(&self.shared.active, key)) {
            self.active.add(cell, FINISHED, 1);
        }
    }
}
