use super::{
    keys::{Key, Keys, hash},
    layout::{BLOCK, Place, PlaceOfBins},
};
use crate::sync::{Cursor, Table, lock};
use std::sync::{
    Mutex, OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// Unused words before and after a slab, so that no neighbouring allocation shares a cache line with it: 128 bytes,
/// since processors fetch lines in pairs.
const PADDING: usize = 16;
/// The cells of the first slab. Each slab has twice as many as the one before, up to `MAX_SLAB`.
const FIRST_SLAB: usize = 4;
const MAX_SLAB: usize = 256;

/// The counters of one shard: a cell of a few words for each key.
///
/// Cells are cut from slabs that are never freed: the store lives as long as the process.
#[derive(Debug)]
pub(super) struct Cells {
    table: Table<Cell>,
    /// How many words a cell has, and how many blocks it can get.
    words: usize,
    blocks: usize,
    spare: Mutex<Spare>,
    /// Whether a single thread writes: it then needs no atomic additions.
    leased: bool,
}

/// What is left of the last slab.
#[derive(Debug)]
struct Spare {
    words: &'static [AtomicU64],
    next_slab: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) key: u64,
    /// The key's index among the store's keys.
    pub(super) index: u32,
    pub(super) words: &'static [AtomicU64],
    /// Behind one pointer, since few stores have any.
    blocks: Option<&'static Blocks>,
}

/// Each is made when something first falls into it.
type Blocks = Box<[OnceLock<Box<[AtomicU64]>>]>;

impl Cell {
    pub(super) fn blocks(&self) -> &'static [OnceLock<Box<[AtomicU64]>>] {
        self.blocks.map_or(&[], |blocks| blocks)
    }
}

impl Cells {
    pub(super) fn new(words: usize, blocks: usize, leased: bool) -> Self {
        Self {
            table: Table::new(),
            words,
            blocks,
            spare: Mutex::new(Spare {
                words: &[],
                next_slab: FIRST_SLAB,
            }),
            leased,
        }
    }

    /// The cell of a key.
    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<&Cell> {
        self.table.find(hash(key), |cell| cell.key == key)
    }

    /// The same, if it is quickly found.
    #[inline]
    pub(super) fn find_near(&self, key: u64) -> Option<&Cell> {
        self.table.find_near(hash(key), |cell| cell.key == key)
    }

    /// The cell of a key that is new to this shard, or of the key that it overflows to.
    #[cold]
    pub(super) fn find_or_insert(&self, keys: &Keys, key: Key) -> Option<&Cell> {
        let (key, index) = keys.resolve(key)?;
        if let Some(cell) = self.find(key) {
            return Some(cell);
        }
        let make = || Cell {
            key,
            index,
            words: self.cut(),
            blocks: (self.blocks > 0).then(|| {
                let blocks: Blocks = (0..self.blocks).map(|_| OnceLock::new()).collect();
                &*Box::leak(Box::new(blocks))
            }),
        };
        let hash_of = |cell: &Cell| hash(cell.key);
        self.table
            .find_or_insert(hash(key), hash_of, |cell| cell.key == key, make)
    }

    /// Adds to a word of a cell.
    #[inline]
    pub(super) fn add(&self, cell: &Cell, word: usize, amount: u64) {
        if let Some(word) = cell.words.get(word) {
            self.add_to(word, amount);
        }
    }

    /// Adds one to a bin of a cell.
    // As a call, it would cost a request 10 instructions.
    #[inline(always)]
    pub(super) fn add_to_bin(&self, cell: &Cell, place: &Place, bin: usize) {
        match place.bins {
            PlaceOfBins::Words(first) => self.add(cell, first + bin, 1),
            PlaceOfBins::Blocks(first) => {
                let Some(block) = cell.blocks().get(first + bin / BLOCK) else {
                    return;
                };
                let new = || (0..BLOCK).map(|_| AtomicU64::new(0)).collect();
                if let Some(word) = block.get_or_init(new).get(bin % BLOCK) {
                    self.add_to(word, 1);
                }
            }
        }
    }

    /// With `Release`, so that whoever sees a finish also sees its start, whichever shard that was counted in.
    #[inline]
    fn add_to(&self, word: &AtomicU64, amount: u64) {
        if self.leased {
            let sum = word.load(Ordering::Relaxed).wrapping_add(amount);
            word.store(sum, Ordering::Release);
        } else {
            add_shared(word, amount);
        }
    }

    /// The words of a new cell, cut from the current slab.
    fn cut(&self) -> &'static [AtomicU64] {
        let mut spare = lock(&self.spare);
        if spare.words.len() < self.words {
            let words = spare.next_slab * self.words;
            spare.next_slab = MAX_SLAB.min(2 * spare.next_slab);
            let slab = leak((0..words + 2 * PADDING).map(|_| AtomicU64::new(0)));
            spare.words = &slab[PADDING..PADDING + words];
        }
        let (words, rest) = spare.words.split_at(self.words);
        spare.words = rest;
        words
    }

    /// A word of a key's cell.
    pub(super) fn get(&self, key: u64, word: usize) -> u64 {
        let cell = self.find(key);
        let word = cell.and_then(|cell| cell.words.get(word));
        word.map_or(0, |word| word.load(Ordering::Acquire))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.table.iter().count()
    }

    pub(super) fn begin(&self) -> Cursor {
        self.table.begin()
    }

    /// The cells from there on, each with the place after it.
    pub(super) fn iter_from(&self, cursor: Cursor) -> impl Iterator<Item = (Cursor, &Cell)> {
        self.table.iter_from(cursor)
    }
}

/// Where several threads write. Not inlined: with it, a request takes three jumps more.
#[cold]
fn add_shared(word: &AtomicU64, amount: u64) {
    word.fetch_add(amount, Ordering::Release);
}

fn leak<T>(values: impl Iterator<Item = T>) -> &'static [T] {
    Box::leak(values.collect())
}
