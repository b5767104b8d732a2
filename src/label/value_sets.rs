use super::{
    LONGEST_VALUE,
    text::{hash, is_same},
};
use crate::sync::{List, Table, lock};
use std::sync::Mutex;

/// The sets of values that labels had so far, by number. The first ones are known from the start, and after these at
/// most so many are added.
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
    /// `known` have the numbers from 0. A set that is twice among them has the first one's.
    pub(crate) fn new<'a>(known: impl IntoIterator<Item = [&'a str; N]>, most: usize) -> Self {
        let mut sets = Self {
            numbers: Table::new(),
            sets: List::new(),
            most: usize::MAX,
            adding: Mutex::new(()),
        };
        for values in known {
            sets.insert(hash_all(values), values);
        }
        sets.most = sets.sets.len().saturating_add(most);
        sets
    }

    /// The number of a set. A new one is kept as long as the process lives. `None` if there is no room for it, or if a
    /// value is too long.
    #[inline]
    pub(crate) fn number(&self, values: [&str; N]) -> Option<u32> {
        let hash = hash_all(values);
        match self.numbers.find(hash, |known| known.is(hash, values)) {
            Some(known) => Some(known.number),
            None => self.add(hash, values),
        }
    }

    #[cold]
    fn add(&self, hash: u64, values: [&str; N]) -> Option<u32> {
        let is_too_long = |value: &&str| value.len() > LONGEST_VALUE;
        if self.is_full() || values.iter().any(is_too_long) {
            return None;
        }
        self.insert(hash, values)
    }

    fn insert(&self, hash: u64, values: [&str; N]) -> Option<u32> {
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
            return self.numbers.find(hash, is).map(|known| known.number);
        }
        let known = self
            .numbers
            .find_or_insert(hash, |known| known.hash, is, make);
        known.map(|known| known.number)
    }

    fn is_full(&self) -> bool {
        self.sets.len() >= self.most
    }

    /// The values of a set, by its number.
    pub(crate) fn get(&self, number: u32) -> Option<&[&'static str; N]> {
        self.sets.get(number as usize)
    }
}

impl<const N: usize> Known<N> {
    #[inline]
    fn is(&self, hash: u64, values: [&str; N]) -> bool {
        let mut pairs = self.values.iter().zip(values);
        self.hash == hash && pairs.all(|(known, value)| is_same(known, value))
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
    fn a_set_past_the_budget_has_no_number() {
        let sets = ValueSets::new([["_overflow"; 2]], 2);
        let first = sets.number(["a", "b"]);
        assert_eq!(first, Some(1));
        assert_eq!(sets.number(["b", "a"]), Some(2));
        assert_eq!(sets.number(["ab", ""]), None);
        assert_eq!(sets.number(["a", "b"]), first);
        assert_eq!(sets.number(["_overflow"; 2]), Some(0));
        assert_eq!(sets.get(0), Some(&["_overflow"; 2]));
        assert_eq!(sets.get(1), Some(&["a", "b"]));
        assert_eq!(sets.get(3), None);
        assert_eq!(
            ValueSets::new([], 9).number(["x".repeat(257).as_str()]),
            None
        );
        assert_eq!(ValueSets::<0>::new([], 1).number([]), Some(0));
    }

    #[test]
    fn threads_that_race_add_no_more_than_the_budget() {
        let sets = ValueSets::new([], 10);
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
        assert_eq!(sets.sets.len(), 10);
    }
}
