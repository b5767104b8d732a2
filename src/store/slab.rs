use crate::sync::lock;
use std::sync::{Mutex, atomic::AtomicU64};

/// Unused words before and after a slab, so that no neighbouring allocation shares a cache line with it: 128 bytes,
/// since processors fetch lines in pairs.
const PADDING: usize = 16;
/// The cells of the first slab. Each slab has twice as many as the one before, up to `MAX_CELLS`.
const FIRST_CELLS: usize = 4;
const MAX_CELLS: usize = 256;

/// Cuts the words of cells from slabs that are never freed: the store lives as long as the process.
#[derive(Debug)]
pub(super) struct Slab {
    /// How many words a cell has.
    words: usize,
    spare: Mutex<Spare>,
}

/// What is left of the last slab.
#[derive(Debug)]
struct Spare {
    words: &'static [AtomicU64],
    next_cells: usize,
}

impl Slab {
    pub(super) fn new(words: usize) -> Self {
        let spare = Spare {
            words: &[],
            next_cells: FIRST_CELLS,
        };
        Self {
            words,
            spare: Mutex::new(spare),
        }
    }

    /// The words of a new cell.
    pub(super) fn cut(&self) -> &'static [AtomicU64] {
        let mut spare = lock(&self.spare);
        if spare.words.len() < self.words {
            let words = spare.next_cells * self.words;
            spare.next_cells = MAX_CELLS.min(2 * spare.next_cells);
            let padded = (0..words + 2 * PADDING).map(|_| AtomicU64::new(0));
            let slab: &'static [AtomicU64] = Box::leak(padded.collect());
            spare.words = &slab[PADDING..PADDING + words];
        }
        let (words, rest) = spare.words.split_at(self.words);
        spare.words = rest;
        words
    }
}
