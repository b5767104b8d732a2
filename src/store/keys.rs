use crate::sync::{HASH_FACTOR, List, Table, lock};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

/// What something is counted under. The store does not look inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) key: u64,
    /// The key that stands for it past the budget. There are few of these, and the budget does not hold for them.
    pub(crate) overflow: u64,
}

impl Key {
    /// One that stands for itself: the budget does not hold for it.
    #[inline(always)]
    pub(crate) fn unbudgeted(key: u64) -> Self {
        Self { key, overflow: key }
    }
}

/// The keys that any shard has seen, in the order in which they were first seen.
pub(crate) struct Keys {
    list: List<Entry>,
    /// The indices of keys in the list.
    indices: Table<u32>,
    budget: usize,
    /// How many keys count against the budget.
    budgeted: Mutex<usize>,
    full: AtomicBool,
}

/// A key, and when its counting began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) key: u64,
    /// Milliseconds since 1970, of a whole second.
    pub(crate) since: u64,
}

/// The same in 12 bytes: there is one for each label set.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u32; 2],
    /// Seconds since 1970.
    since: u32,
}

impl Entry {
    fn new(key: u64) -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            key: [(key >> 32) as u32, key as u32],
            since: since.map_or(0, |since| since.as_secs() as u32),
        }
    }

    fn key(self) -> u64 {
        let [upper, lower] = self.key;
        u64::from(upper) << 32 | u64::from(lower)
    }
}

impl Keys {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            list: List::new(),
            indices: Table::new(),
            budget,
            budgeted: Mutex::new(0),
            full: AtomicBool::new(budget == 0),
        }
    }

    /// How many of them there may be, beside those that stand for the others.
    #[cfg(feature = "page")]
    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// How many there are. All lower indices can be read from then on.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Seen> {
        self.list.get(index).map(|entry| Seen {
            key: entry.key(),
            since: u64::from(entry.since) * 1_000,
        })
    }

    /// Whether the budget is used up.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Whether nothing is counted under a key, and nothing will be: the one that it overflows to stands for it.
    pub(super) fn is_past_budget(&self, key: Key) -> bool {
        self.is_full() && key.key != key.overflow && self.find(key.key).is_none()
    }

    /// The key that something is counted under, and its index. Takes no lock for a key that is known, or that
    /// is past the budget.
    pub(super) fn resolve(&self, key: Key) -> Option<(u64, u32)> {
        let within = self
            .find(key.key)
            .or_else(|| self.add(key.key, key.key == key.overflow));
        within
            .or_else(|| self.find(key.overflow))
            .or_else(|| self.add(key.overflow, true))
    }

    fn find(&self, key: u64) -> Option<(u64, u32)> {
        let index = self
            .indices
            .find(hash(key), |index| self.key(*index) == Some(key));
        index.map(|index| (key, *index))
    }

    fn key(&self, index: u32) -> Option<u64> {
        let entry = self.list.get(index as usize);
        entry.map(|entry| entry.key())
    }

    /// Adds a key, unless it is past the budget.
    #[cold]
    fn add(&self, key: u64, always: bool) -> Option<(u64, u32)> {
        if !always && self.is_full() {
            // Once more: it may have been added as the last one since.
            return self.find(key);
        }
        let mut budgeted = lock(&self.budgeted);
        if let Some(known) = self.find(key) {
            return Some(known);
        }
        if !always {
            if *budgeted >= self.budget {
                return None;
            }
            *budgeted += 1;
        }
        let index = u32::try_from(self.list.push(Entry::new(key))?).ok()?;
        let hash_of = |index: &u32| hash(self.key(*index).unwrap_or_default());
        let is = |index: &u32| self.key(*index) == Some(key);
        let added = self
            .indices
            .find_or_insert(hash(key), hash_of, is, || index);
        // After the last one is in the table, so that whoever sees this finds it.
        self.full.store(*budgeted >= self.budget, Ordering::Release);
        added.map(|index| (key, *index))
    }
}

pub(super) fn hash(key: u64) -> u64 {
    key.wrapping_mul(HASH_FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Barrier, thread};

    #[test]
    fn threads_that_race_for_the_last_key_of_the_budget_all_get_it() {
        let last = Key {
            key: 1,
            overflow: 2,
        };
        for _ in 0..if cfg!(miri) { 20 } else { 2_000 } {
            let keys = Keys::new(1);
            let start = Barrier::new(2);
            let resolve = || {
                start.wait();
                (keys.resolve(last), keys.is_past_budget(last))
            };
            thread::scope(|scope| {
                let threads = [scope.spawn(resolve), scope.spawn(resolve)];
                for thread in threads {
                    assert_eq!(thread.join().unwrap(), (Some((1, 0)), false));
                }
            });
        }
    }
}
