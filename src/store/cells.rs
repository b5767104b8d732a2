use super::keys::{Key, Keys, hash};
use crate::sync::{Cursor, Table};
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one key in one shard.
pub(super) trait Cell: Clone {
    fn key(&self) -> u64;
}

/// The cells of one shard, by their keys.
#[derive(Debug)]
pub(super) struct Cells<C>(Table<C>);

impl<C: Cell> Cells<C> {
    pub(super) fn new() -> Self {
        Self(Table::new())
    }

    /// The cell of a key.
    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<&C> {
        self.0.find(hash(key), |cell| cell.key() == key)
    }

    /// The same, if it is quickly found.
    #[inline]
    pub(super) fn find_near(&self, key: u64) -> Option<&C> {
        self.0.find_near(hash(key), |cell| cell.key() == key)
    }

    /// The cell of a key, or of the key that it overflows to. One that is new to this shard is made of its key and the
    /// key's index among the store's.
    #[inline]
    pub(super) fn get(
        &self,
        keys: &Keys,
        key: Key,
        make: impl FnOnce(u64, u32) -> C,
    ) -> Option<&C> {
        let known = self
            .find(key.key)
            .or_else(|| match keys.is_past_budget(key) {
                true => self.find(key.overflow),
                false => None,
            });
        known.or_else(|| self.find_or_insert(keys, key, make))
    }

    #[cold]
    fn find_or_insert(
        &self,
        keys: &Keys,
        key: Key,
        make: impl FnOnce(u64, u32) -> C,
    ) -> Option<&C> {
        let (key, index) = keys.resolve(key)?;
        if let Some(cell) = self.find(key) {
            return Some(cell);
        }
        let hash_of = |cell: &C| hash(cell.key());
        let is = |cell: &C| cell.key() == key;
        self.0
            .find_or_insert(hash(key), hash_of, is, || make(key, index))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.iter().count()
    }

    pub(super) fn begin(&self) -> Cursor {
        self.0.begin()
    }

    /// The cells from there on, each with the place after it.
    pub(super) fn iter_from(&self, cursor: Cursor) -> impl Iterator<Item = (Cursor, &C)> {
        self.0.iter_from(cursor)
    }
}

/// Who writes the words of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writers {
    /// A single thread, which needs no atomic additions.
    One,
    Many,
}

/// Adds to a word, with `Release`, so that whoever sees a finish also sees its start, whichever shard that was counted
/// in.
#[inline(always)]
pub(super) fn add(writers: Writers, word: &AtomicU64, amount: u64) {
    match writers {
        Writers::One => {
            let sum = word.load(Ordering::Relaxed).wrapping_add(amount);
            word.store(sum, Ordering::Release);
        }
        Writers::Many => add_shared(word, amount),
    }
}

/// Not inlined: with it, a request takes three jumps more.
#[cold]
fn add_shared(word: &AtomicU64, amount: u64) {
    word.fetch_add(amount, Ordering::Release);
}
