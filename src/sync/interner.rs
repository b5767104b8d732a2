use super::{List, Table, lock};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// Numbers for values, in the order in which these were first seen. Their number is limited, and they are never
/// removed. A known value is found without a lock.
pub(crate) struct Interner<V> {
    numbers: Table<(V, u32)>,
    values: List<V>,
    most: usize,
    full: AtomicBool,
    adding: Mutex<()>,
}

impl<V: Copy> Interner<V> {
    /// Has room for so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            numbers: Table::new(),
            values: List::new(),
            most,
            full: AtomicBool::new(most == 0),
            adding: Mutex::new(()),
        }
    }

    /// The value of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&V> {
        self.values.get(number as usize)
    }

    /// The number of the value with that hash that matches.
    pub(crate) fn find(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<u32> {
        let known = self.numbers.find(hash, |known| matches(&known.0));
        known.map(|(_, number)| *number)
    }

    /// The same, if it is quickly found.
    #[inline]
    pub(crate) fn find_near(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<u32> {
        let known = self.numbers.find_near(hash, |known| matches(&known.0));
        known.map(|(_, number)| *number)
    }

    /// The number of the value with that hash that matches, or else of a new one. `None` if there is no room for it.
    /// Takes a lock while there is.
    #[cold]
    pub(crate) fn find_or_insert(
        &self,
        hash: u64,
        hash_of: impl Fn(&V) -> u64,
        matches: impl Fn(&V) -> bool,
        make: impl FnOnce() -> V,
    ) -> Option<u32> {
        let adding = (!self.full.load(Ordering::Acquire)).then(|| lock(&self.adding));
        let known = self.find(hash, &matches);
        if known.is_some() || adding.is_none() || self.values.len() >= self.most {
            return known;
        }
        let value = make();
        let number = u32::try_from(self.values.push(value)?).ok()?;
        self.numbers.find_or_insert(
            hash,
            |known| hash_of(&known.0),
            |known| matches(&known.0),
            || (value, number),
        )?;
        // After the last one is in the table, so that whoever sees this finds it.
        let full = self.values.len() >= self.most;
        self.full.store(full, Ordering::Release);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(interner: &Interner<u64>, value: u64) -> Option<u32> {
        // All hashes collide.
        interner.find_or_insert(0, |_| 0, |known| *known == value, || value)
    }

    #[test]
    fn values_keep_their_numbers_and_none_has_one_beyond_the_most() {
        let interner = Interner::new(2);
        assert_eq!(number(&interner, 7), Some(0));
        assert_eq!(number(&interner, 9), Some(1));
        assert_eq!(number(&interner, 8), None);
        assert_eq!(number(&interner, 7), Some(0));
        assert_eq!(interner.find(0, |known| *known == 9), Some(1));
        assert_eq!(interner.find(0, |known| *known == 8), None);
        assert_eq!(
            [0, 1, 2].map(|n| interner.get(n).copied()),
            [Some(7), Some(9), None]
        );
        assert_eq!(number(&Interner::new(0), 7), None);
    }

    #[test]
    fn threads_that_race_add_no_more_than_the_most_and_agree() {
        let interner = Interner::new(10);
        let numbers = || (0..100).map(|value| number(&interner, value));
        std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| numbers().collect::<Vec<_>>()));
            for thread in threads {
                for (value, seen) in thread.join().unwrap().into_iter().enumerate() {
                    // Another thread may have added it since.
                    assert!(seen.is_none() || seen == number(&interner, value as u64));
                }
            }
        });
        assert_eq!(interner.values.len(), 10);
    }
}
