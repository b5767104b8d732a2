use super::{cells::Cell, finished_cell::FinishedCell, mark::Mark};
use std::sync::{OnceLock, atomic::AtomicU64};

/// What is known of the things of a key that start in a shard.
#[derive(Clone, Debug)]
pub(super) struct ActiveCell {
    key: u64,
    /// What a slot holds while it shows one of them.
    pub(super) mark: Mark,
    /// How many started here, and how many ended here, unless slots show them.
    counts: &'static [AtomicU64; WORDS],
    /// Where the first thing that started here was counted when it finished here. Most others end in the same way, and
    /// are counted there without a search.
    pub(super) first_finished: OnceLock<&'static FinishedCell>,
}

/// How many words a cell has.
pub(super) const WORDS: usize = 2;

impl Cell for ActiveCell {
    #[inline]
    fn key(&self) -> u64 {
        self.key
    }
}

impl ActiveCell {
    pub(super) fn new(key: u64, mark: Mark, words: &'static [AtomicU64]) -> Self {
        // There are as many as the slab was told to cut.
        let counts = words.first_chunk();
        Self {
            key,
            mark,
            counts: counts.unwrap_or_else(|| Box::leak(Box::default())),
            first_finished: OnceLock::new(),
        }
    }

    #[inline]
    pub(super) fn started(&self) -> &AtomicU64 {
        &self.counts[0]
    }

    #[inline]
    pub(super) fn ended(&self) -> &AtomicU64 {
        &self.counts[1]
    }
}
