use super::{cells::Cell, finished_cell::FinishedCell};
use std::sync::{OnceLock, atomic::AtomicU64};

/// How many things of a key started in a shard, and how many ended there.
#[derive(Clone, Debug)]
pub(super) struct ActiveCell {
    key: u64,
    pub(super) started: &'static AtomicU64,
    pub(super) ended: &'static AtomicU64,
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
    pub(super) fn new(key: u64, words: &'static [AtomicU64]) -> Self {
        // There are as many as the slab was told to cut.
        let [started, ended]: &[_; WORDS] = words
            .first_chunk()
            .unwrap_or_else(|| Box::leak(Box::default()));
        Self {
            key,
            started,
            ended,
            first_finished: OnceLock::new(),
        }
    }
}
