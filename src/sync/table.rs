use super::lock;
use std::{
    fmt,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Multiplying by it mixes a hash: it is odd, and its bits have no pattern.
pub(crate) const HASH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// How many slots the first level has: enough for a layer that is used once, as in tests.
const FIRST: usize = 16;
/// How many slots the second level has. It takes over the values of the first, and most services' routes fit in it.
const SECOND: usize = 128;
/// How many levels there may be after these two: enough for more values than memory has room for.
const LEVELS: usize = 18;

type Level<V> = OnceLock<Box<[OnceLock<V>]>>;

/// An append-only hash table: reading takes no lock and writes nothing, so readers share its cache lines.
///
/// A full level is never moved. From the third on, each level is twice as large as the one before. The second is
/// searched first, and then from the newest down, which holds half of all values.
pub(crate) struct Table<V> {
    // Not among the others: their length is known to the compiler, which halves the instructions of a search.
    first: OnceLock<Box<[OnceLock<V>; FIRST]>>,
    second: OnceLock<Box<[OnceLock<V>; SECOND]>>,
    more: OnceLock<Box<[Level<V>; LEVELS]>>,
    /// The level that grows. A reader with an old one misses what is new, and then looks again with the lock.
    newest: AtomicUsize,
    /// How many values that level holds.
    len: Mutex<usize>,
}

/// A place in an iteration that goes on later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    level: usize,
    slot: usize,
}

impl<V: Clone> Table<V> {
    pub(crate) fn new() -> Self {
        Self {
            first: OnceLock::new(),
            second: OnceLock::new(),
            more: OnceLock::new(),
            newest: AtomicUsize::new(0),
            len: Mutex::new(0),
        }
    }

    /// The value with that hash that matches.
    #[inline]
    pub(crate) fn find(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        match self.find_near(hash, &matches) {
            Some(value) => Some(value),
            None => self.find_far(hash, matches),
        }
    }

    /// The same, if it is in one of the first two levels, as all values of most services are.
    #[inline]
    pub(crate) fn find_near(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        match self.second.get() {
            Some(slots) => find_in(&slots[..], hash, matches),
            None => find_in(&self.first.get()?[..], hash, matches),
        }
    }

    // Inlined as well, it would cost the others 20 instructions.
    #[inline(never)]
    fn find_far(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        let mut levels = (2..=self.newest.load(Ordering::Acquire)).rev();
        levels.find_map(|level| find_in(self.level(level)?, hash, &matches))
    }

    fn level(&self, level: usize) -> Option<&[OnceLock<V>]> {
        match level {
            0 => self.first.get().map(|slots| &slots[..]),
            1 => self.second.get().map(|slots| &slots[..]),
            _ => self
                .more
                .get()?
                .get(level - 2)?
                .get()
                .map(|slots| &slots[..]),
        }
    }

    /// The value with that hash that matches, or else a new one, made once. `None` if no level has room for it, for
    /// which memory does not suffice. Takes the lock.
    pub(crate) fn find_or_insert(
        &self,
        hash: u64,
        hash_of: impl Fn(&V) -> u64,
        matches: impl Fn(&V) -> bool,
        make: impl FnOnce() -> V,
    ) -> Option<&V> {
        let mut len = lock(&self.len);
        if let Some(value) = self.find(hash, matches) {
            return Some(value);
        }
        let mut level = self.newest.load(Ordering::Relaxed);
        if *len == capacity(level) {
            level += 1;
            // The second level takes over the values of the first.
            *len = if level == 1 { *len } else { 0 };
        }
        let inserted = insert(self.make_level(level, hash_of)?, hash, make);
        *len += 1;
        self.newest.store(level, Ordering::Release);
        inserted
    }

    fn make_level(&self, level: usize, hash_of: impl Fn(&V) -> u64) -> Option<&[OnceLock<V>]> {
        match level {
            0 => {
                self.first
                    .get_or_init(|| Box::new([const { OnceLock::new() }; FIRST]));
            }
            1 => {
                // Full of the first's values before anybody sees it, so that no search misses one.
                self.second.get_or_init(|| {
                    let slots = Box::new([const { OnceLock::new() }; SECOND]);
                    let values = self.level(0).unwrap_or_default().iter();
                    for value in values.filter_map(OnceLock::get) {
                        insert(&slots[..], hash_of(value), || value.clone());
                    }
                    slots
                });
            }
            _ => {
                let new = || (0..size(level)).map(|_| OnceLock::new()).collect();
                let more = self
                    .more
                    .get_or_init(|| Box::new([const { OnceLock::new() }; LEVELS]));
                more.get(level - 2)?.get_or_init(new);
            }
        }
        self.level(level)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &V> {
        let values = self.iter_from(self.begin());
        values.map(|(_, value)| value)
    }

    /// Where an iteration begins that sees all values there are now.
    pub(crate) fn begin(&self) -> Cursor {
        Cursor {
            level: self.newest.load(Ordering::Acquire).min(1),
            slot: 0,
        }
    }

    /// The values from there on, each with the place after it.
    pub(crate) fn iter_from(&self, cursor: Cursor) -> impl Iterator<Item = (Cursor, &V)> {
        // The second level has the values of the first, too.
        let last = if cursor.level == 0 { 0 } else { LEVELS + 1 };
        let levels = (cursor.level..=last).map_while(|level| Some((level, self.level(level)?)));
        levels.flat_map(move |(level, slots)| {
            let from = if level == cursor.level {
                cursor.slot
            } else {
                0
            };
            let slots = (from..).zip(slots.get(from..).unwrap_or(&[]));
            slots.filter_map(move |(slot, value)| {
                let after = Cursor {
                    level,
                    slot: slot + 1,
                };
                Some((after, value.get()?))
            })
        })
    }
}

/// The value with that hash that matches, in these slots.
#[inline(always)]
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

/// Puts a value into the first free slot for that hash.
fn insert<V>(slots: &[OnceLock<V>], hash: u64, make: impl FnOnce() -> V) -> Option<&V> {
    let (before, after) = slots.split_at(start(slots, hash));
    let mut slots = after.iter().chain(before);
    let slot = slots.find(|slot| slot.get().is_none())?;
    Some(slot.get_or_init(make))
}

fn size(level: usize) -> usize {
    match level {
        0 => FIRST,
        _ => SECOND << (level - 1),
    }
}

/// Five eighths of the slots, so that a search for a missing value finds a free slot after about four others.
fn capacity(level: usize) -> usize {
    size(level) / 8 * 5
}

/// The first slot for that hash. Taken from the upper bits, since a product mixes these best.
#[inline]
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

    fn insert_bad(table: &Table<u32>, value: u32) -> Option<&u32> {
        table.find_or_insert(bad_hash(value), |v| bad_hash(*v), |v| *v == value, || value)
    }

    #[test]
    fn every_value_is_found_again_across_levels_and_collisions() {
        let table = Table::new();
        for value in 0..2_000_u32 {
            assert!(table.find(bad_hash(value), |v| *v == value).is_none());
            assert_eq!(insert_bad(&table, value), Some(&value));
            let mut all: Vec<u32> = table.iter().copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..=value).collect::<Vec<_>>());
        }
        for value in 0..2_000_u32 {
            assert_eq!(table.find(bad_hash(value), |v| *v == value), Some(&value));
        }
    }

    #[test]
    fn a_value_is_made_once() {
        let table = Table::new();
        let hash = |value: &u32| u64::from(*value) << 54;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for value in 0..500_u32 {
                        table.find_or_insert(hash(&value), hash, |v| *v == value, || value);
                    }
                });
            }
        });
        assert_eq!(table.iter().count(), 500);
    }
}
