use super::{
    Layout,
    cells::{Cell, Cells},
    keys::{Key, Keys},
};

/// The words of an active cell: how many started, and how many of them finished.
pub(super) const STARTED: usize = 0;
pub(super) const FINISHED: usize = 1;

/// What the threads of one lease counted, one after the other.
pub(super) struct Shard {
    pub(super) finished: Cells,
    pub(super) active: Cells,
}

impl Shard {
    pub(super) fn new(layout: &Layout, leased: bool) -> Self {
        Self {
            finished: Cells::new(layout.words, layout.blocks, leased),
            active: Cells::new(2, 0, leased),
        }
    }

    /// Something finished that was started in another shard.
    #[cold]
    pub(super) fn finish_elsewhere(&'static self, keys: &Keys, started: &Cell) {
        let key = Key {
            key: started.key,
            overflow: started.key,
        };
        let cell = self.active.find(started.key);
        if let Some(cell) = cell.or_else(|| self.active.find_or_insert(keys, key)) {
            self.active.add(cell, FINISHED, 1);
        }
    }
}
