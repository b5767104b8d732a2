use super::{LONGEST_VALUE, OVERFLOW, names::hash};
use crate::sync::{List, Table, lock};
use std::sync::Mutex;

/// The sets of values that labels had so far, by number. There are at most so many; what comes later is counted under
/// the set of number 0.
pub(crate) struct ValueSets<const N: usize> {
    numbers: Table<Known<N>>,
    sets: List<[&'static str; N]>,
    most: usize,
    adding: Mutex<()>,
}

#[derive(Clone)]
struct Known<const N: usize> {
    hash: u64,
    values: [&'static str; N],
    number: u32,
}

impl<const N: usize> ValueSets<N> {
    pub(crate) fn new(most: usize) -> Self {
        let sets = List::new();
        // Stands for all sets past the budget.
        sets.push([OVERFLOW; N]);
        Self {
            numbers: Table::new(),
            sets,
            most,
            adding: Mutex::new(()),
        }
    }

    /// The number of a set. A new one is kept as long as the process lives.
    #[inline]
    pub(crate) fn number(&self, values: [&str; N]) -> u32 {
        let hash = hash_all(values);
        match self.numbers.find(hash, |known| known.is(hash, values)) {
            Some(known) => known.number,
            None => self.add(hash, values),
        }
    }

    #[cold]
    fn add(&self, hash: u64, values: [&str; N]) -> u32 {
        let is_too_long = |value: &&str| value.len() > LONGEST_VALUE;
        if self.is_full() || values.iter().any(is_too_long) {
            return 0;
        }
        let _adding = lock(&self.adding);
        let make = || {
            let values = values.map(|value| &*String::from(value).leak());
            let number = self.sets.push(values).unwrap_or(0) as u32;
            Known {
                hash,
                values,
                number,
            }
        };
        let is = |known: &Known<N>| known.is(hash, values);
        if self.is_full() {
            let known = self.numbers.find(hash, is);
            return known.map_or(0, |known| known.number);
        }
        let known = self
            .numbers
            .find_or_insert(hash, |known| known.hash, is, make);
        known.map_or(0, |known| known.number)
    }

    fn is_full(&self) -> bool {
        self.sets.len() > self.most
    }

    /// The values of a set, by its number.
    pub(crate) fn get(&self, number: u32) -> Option<&[&'static str; N]> {
        self.sets.get(number as usize)
    }
}

impl<const N: usize> Known<N> {
    #[inline]
    fn is(&self, hash: u64, values: [&str; N]) -> bool {
        self.hash == hash && self.values == values
    }
}

fn hash_all<const N: usize>(values: [&str; N]) -> u64 {
    let hashes = values.into_iter().map(hash);
    hashes.fold(0, |all, one| all.rotate_left(23) ^ one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_past_the_budget_are_the_first_one() {
        let sets = ValueSets::new(2);
        let first = sets.number(["a", "b"]);
        assert_eq!(sets.number(["a", "b"]), first);
        assert_ne!(sets.number(["b", "a"]), first);
        assert_eq!(sets.number(["ab", ""]), 0);
        assert_eq!(sets.number(["a", "b"]), first);
        assert_eq!(sets.get(0), Some(&[OVERFLOW; 2]));
        assert_eq!(sets.get(first), Some(&["a", "b"]));
        assert_eq!(sets.get(3), None);
        assert_eq!(ValueSets::new(9).number(["x".repeat(257).as_str()]), 0);
        assert_eq!(ValueSets::<0>::new(1).number([]), 1);
    }

    #[test]
    fn threads_that_race_add_no_more_than_the_budget() {
        let sets = ValueSets::new(10);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let sets = &sets;
                scope.spawn(move || {
                    for n in 0..100 {
                        sets.number([format!("{thread}-{n}").as_str()]);
                    }
                });
            }
        });
        assert_eq!(sets.sets.len(), 11);
    }
}
