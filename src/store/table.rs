use std::{
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
};

const LEVELS: usize = 24;
const FIRST: usize = 64;

/// Mixes a hash: odd, and its bits without order.
pub(crate) const HASH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// An append-only hash table: reading takes no lock and writes nothing, so readers share its cache lines.
///
/// A full level is never moved, the next one is twice as large. What was seen first is found
/// first; a few dozen values, as a service has routes, fit the first level.
pub(crate) struct Table<V> {
    levels: [OnceLock<Box<[OnceLock<V>]>>; LEVELS],
    last: Mutex<Last>,
}

/// The level that grows, and how many values it holds.
#[derive(Clone, Copy, Default)]
struct Last {
    level: usize,
    len: usize,
}

impl<V> Table<V> {
    pub(crate) fn new() -> Self {
        Self {
            levels: [const { OnceLock::new() }; LEVELS],
            last: Mutex::new(Last::default()),
        }
    }

    /// The value of that hash that matches.
    pub(crate) fn find(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        for level in &self.levels {
            let slots = level.get()?;
            let mut at = start(slots, hash);
            // A level always has free slots, so this ends.
            while let Some(value) = slots[at].get() {
                if matches(value) {
                    return Some(value);
                }
                at = (at + 1) & (slots.len() - 1);
            }
        }
        None
    }

    /// The value of that hash that matches, or else a new one, made once. `None` if there is no room for it
    /// in any level, which memory does not allow to happen.
    pub(crate) fn find_or_insert(
        &self,
        hash: u64,
        matches: impl Fn(&V) -> bool,
        make: impl FnOnce() -> V,
    ) -> Option<&V> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.find(hash, matches) {
            return Some(value);
        }
        if last.len == capacity(last.level) {
            *last = Last {
                level: last.level + 1,
                len: 0,
            };
        }
        let slots = self
            .levels
            .get(last.level)?
            .get_or_init(|| (0..size(last.level)).map(|_| OnceLock::new()).collect());
        let (before, after) = slots.split_at(start(slots, hash));
        let slot = after
            .iter()
            .chain(before)
            .find(|slot| slot.get().is_none())?;
        last.len += 1;
        Some(slot.get_or_init(make))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &V> {
        let levels = self.levels.iter().map_while(OnceLock::get);
        levels.flat_map(|slots| slots.iter().filter_map(OnceLock::get))
    }
}

fn size(level: usize) -> usize {
    FIRST << level
}

/// Three quarters, so that a search soon meets a free slot.
fn capacity(level: usize) -> usize {
    size(level) / 4 * 3
}

/// The first slot where a value of that hash may be.
fn start<V>(slots: &[OnceLock<V>], hash: u64) -> usize {
    // The length is a power of two. The upper half of a product is its well mixed one.
    (hash >> 32) as usize & (slots.len() - 1)
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
        u64::from(value % 7) << 32
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
                        table.find_or_insert(u64::from(value) << 32, |v| *v == value, || value);
                    }
                });
            }
        });
        assert_eq!(table.iter().count(), 500);
    }
}
