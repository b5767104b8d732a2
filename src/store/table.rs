use super::lock;
use std::{
    fmt,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// More than memory has room for.
const LEVELS: usize = 32;
const FIRST: usize = 128;

/// Mixes a hash: odd, and its bits without order.
pub(crate) const HASH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// An append-only hash table: reading takes no lock and writes nothing, so readers share its cache lines.
///
/// A full level is never moved, and the next one is twice as large. A few dozen values, as a service has
/// routes, fit the first one; of many, half are in the newest, which is searched first.
pub(crate) struct Table<V> {
    /// Apart from the others, since finding a value is half the work where the length is known.
    first: Box<[OnceLock<V>; FIRST]>,
    more: [OnceLock<Box<[OnceLock<V>]>>; LEVELS],
    /// The level that grows. Who has an old one misses what is new, and then looks again with the lock.
    newest: AtomicUsize,
    /// How many values that level holds.
    len: Mutex<usize>,
}

impl<V> Table<V> {
    pub(crate) fn new() -> Self {
        Self {
            first: Box::new([const { OnceLock::new() }; FIRST]),
            more: [const { OnceLock::new() }; LEVELS],
            newest: AtomicUsize::new(0),
            len: Mutex::new(0),
        }
    }

    /// The value of that hash that matches.
    pub(crate) fn find(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        let newest = self.newest.load(Ordering::Relaxed);
        if newest > 0 {
            return self.find_from(newest, hash, matches);
        }
        find_in(&self.first[..], hash, matches)
    }

    #[inline(never)]
    fn find_from(&self, newest: usize, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        let mut levels = (0..=newest).rev().filter_map(|level| self.level(level));
        levels.find_map(|slots| find_in(slots, hash, &matches))
    }

    fn level(&self, level: usize) -> Option<&[OnceLock<V>]> {
        match level.checked_sub(1) {
            None => Some(&self.first[..]),
            Some(level) => Some(self.more.get(level)?.get()?),
        }
    }

    /// The value of that hash that matches, or else a new one, made once. `None` if there is no room for it
    /// in any level, which memory does not allow to happen.
    pub(crate) fn find_or_insert(
        &self,
        hash: u64,
        matches: impl Fn(&V) -> bool,
        make: impl FnOnce() -> V,
    ) -> Option<&V> {
        let mut len = lock(&self.len);
        if let Some(value) = self.find(hash, matches) {
            return Some(value);
        }
        let mut level = self.newest.load(Ordering::Relaxed);
        if *len == capacity(level) {
            (level, *len) = (level + 1, 0);
        }
        if let Some(more) = level.checked_sub(1) {
            let new = || (0..size(level)).map(|_| OnceLock::new()).collect();
            self.more.get(more)?.get_or_init(new);
        }
        let slots = self.level(level)?;
        self.newest.store(level, Ordering::Relaxed);

        let (before, after) = slots.split_at(start(slots, hash));
        let slot = after
            .iter()
            .chain(before)
            .find(|slot| slot.get().is_none())?;
        *len += 1;
        Some(slot.get_or_init(make))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &V> {
        let more = self.more.iter().map_while(OnceLock::get).flatten();
        self.first.iter().chain(more).filter_map(OnceLock::get)
    }
}

/// The value of that hash that matches, among these slots.
fn find_in<V>(slots: &[OnceLock<V>], hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
    let mut at = start(slots, hash);
    // A level always has free slots, so this ends.
    while let Some(value) = slots.get(at).and_then(OnceLock::get) {
        if matches(value) {
            return Some(value);
        }
        at = (at + 1) & (slots.len() - 1);
    }
    None
}

fn size(level: usize) -> usize {
    FIRST << level
}

/// Five eighths, so that a search in vain meets a free slot after four others.
fn capacity(level: usize) -> usize {
    size(level) / 8 * 5
}

/// The first slot where a value of that hash may be: the upper bits of a product are its well mixed ones.
fn start<V>(slots: &[OnceLock<V>], hash: u64) -> usize {
    // The length is a power of two.
    (hash >> (u64::BITS - slots.len().trailing_zeros())) as usize
}

impl<V> fmt::Debug for Table<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that collide in all but a few places.
    fn bad_hash(value: u32) -> u64 {
        u64::from(value % 7) << 60
    }

    #[test]
    fn every_value_is_found_again_across_levels_and_collisions() {
        let table = Table::new();
        for value in 0..2_000_u32 {
            assert!(table.find(bad_hash(value), |v| *v == value).is_none());
            let inserted = table.find_or_insert(bad_hash(value), |v| *v == value, || value);
            assert_eq!(inserted, Some(&value));
        }
        for value in 0..2_000_u32 {
            assert_eq!(table.find(bad_hash(value), |v| *v == value), Some(&value));
        }
        let mut all: Vec<u32> = table.iter().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..2_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_value_is_made_once() {
        let table = Table::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for value in 0..500_u32 {
                        table.find_or_insert(u64::from(value) << 54, |v| *v == value, || value);
                    }
                });
            }
        });
        assert_eq!(table.iter().count(), 500);
    }
}
