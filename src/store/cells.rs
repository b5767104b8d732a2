use super::{
    lock,
    table::{HASH_FACTOR, Table},
};
use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Words that keep neighbouring allocations out of the cache lines that a thread writes: 128 bytes, since
/// processors fetch lines in pairs.
const PADDING: usize = 16;
/// The cells of the first slab. Each has twice as many as the one before, up to the most.
const FIRST_SLAB: usize = 16;
const MOST_IN_A_SLAB: usize = 256;
/// Cells of a native histogram are wide.
const MOST_WORDS_IN_A_SLAB: usize = 8_192;

/// Counters of one shard, a few words for each key.
///
/// Cells are cut from slabs that are never freed: the store lives as long as the process.
#[derive(Debug)]
pub(super) struct Cells {
    table: Table<Cell>,
    /// The words of a cell.
    width: usize,
    spare: Mutex<Spare>,
    /// One thread writes, so that it need not lock the bus for it.
    leased: bool,
}

/// What is left of the last slab.
#[derive(Debug)]
struct Spare {
    words: &'static [AtomicU64],
    next_slab: usize,
}

#[derive(Debug)]
pub(super) struct Cell {
    key: u64,
    /// The key's index in the store's list of keys.
    pub(super) index: u32,
    words: &'static [AtomicU64],
}

impl Cells {
    pub(super) fn new(width: usize, leased: bool) -> Self {
        Self {
            table: Table::new(),
            width,
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

    /// The cell of a key. The first sight of one asks for its index, and makes none if there is none.
    pub(super) fn find_or_insert(
        &self,
        key: u64,
        index: impl FnOnce() -> Option<u32>,
    ) -> Option<&Cell> {
        if let Some(cell) = self.find(key) {
            return Some(cell);
        }
        let index = index()?;
        self.table.find_or_insert(
            hash(key),
            |cell| cell.key == key,
            || Cell {
                key,
                index,
                words: self.cut(),
            },
        )
    }

    /// Adds to the first word of a cell, and then one to a bucket, which are the words after it.
    pub(super) fn add(&self, cell: &Cell, amount: u64, bucket: Option<usize>) {
        let Some((first, buckets)) = cell.words.split_first() else {
            return;
        };
        self.add_to(first, amount);
        if let Some(bucket) = bucket.and_then(|bucket| buckets.get(bucket)) {
            self.add_to(bucket, 1);
        }
    }

    /// Released, so that who sees an end sees the start before it, in whichever shard that was counted.
    fn add_to(&self, word: &AtomicU64, amount: u64) {
        if self.leased {
            let sum = word.load(Ordering::Relaxed).wrapping_add(amount);
            word.store(sum, Ordering::Release);
        } else {
            word.fetch_add(amount, Ordering::Release);
        }
    }

    /// A new cell's words.
    fn cut(&self) -> &'static [AtomicU64] {
        let mut spare = lock(&self.spare);
        if spare.words.len() < self.width {
            let cells = spare
                .next_slab
                .min(MOST_WORDS_IN_A_SLAB / self.width)
                .max(1);
            let words = cells * self.width;
            spare.next_slab = MOST_IN_A_SLAB.min(2 * spare.next_slab);
            let slab = (0..words + 2 * PADDING)
                .map(|_| AtomicU64::new(0))
                .collect();
            spare.words = &Box::leak::<'static>(slab)[PADDING..PADDING + words];
        }
        let (words, rest) = spare.words.split_at(self.width);
        spare.words = rest;
        words
    }

    /// The sum of some of a key's words.
    pub(super) fn sum(&self, key: u64, words: Range<usize>) -> u64 {
        let words = self
            .find(key)
            .and_then(|cell| cell.words.get(words))
            .unwrap_or(&[]);
        words.iter().map(|word| word.load(Ordering::Acquire)).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.table.iter()
    }
}

impl Cell {
    /// Adds what it counted to the sums.
    ///
    /// From the last word to the first, the reverse of how they are written: a request that the later words
    /// count is in the earlier ones.
    pub(super) fn add_into(&self, sums: &mut [u64]) {
        for (sum, word) in sums.iter_mut().zip(self.words).rev() {
            *sum = sum.wrapping_add(word.load(Ordering::Acquire));
        }
    }
}

fn hash(key: u64) -> u64 {
    key.wrapping_mul(HASH_FACTOR)
}
