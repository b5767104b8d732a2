use super::{LONGEST_VALUE, text::Hashed};
use crate::sync::{List, Table, lock};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// The sets of values that labels had so far, by number. The first ones are known from the start, and the number of
/// those added later is limited.
pub(crate) struct ValueSets<const N: usize> {
    numbers: Table<Known<N>>,
    sets: List<[&'static str; N]>,
    most: usize,
    full: AtomicBool,
    adding: Mutex<()>,
}

#[derive(Clone)]
struct Known<const N: usize> {
    values: [Hashed<'static>; N],
    number: u32,
}

impl<const N: usize> ValueSets<N> {
    /// `known` have the numbers from 0. A set that is twice among them has the first one's.
    pub(crate) fn new<'a>(known: impl IntoIterator<Item = [&'a str; N]>, most: usize) -> Self {
        let mut sets = Self {
            numbers: Table::new(),
            sets: List::new(),
            most: usize::MAX,
            full: AtomicBool::new(false),
            adding: Mutex::new(()),
        };
        for values in known {
            sets.insert(values.map(Hashed::new));
        }
        sets.most = sets.sets.len().saturating_add(most);
        sets.note_full();
        sets
    }

    /// The number of a set. A new one is kept as long as the process lives. `None` if there is no room for it, or if a
    /// value is too long.
    #[inline]
    pub(crate) fn number(&self, values: [&str; N]) -> Option<u32> {
        match self.number_near(values) {
            Some(number) => Some(number),
            None => self.number_far(values),
        }
    }

    /// The same, if it is quickly found: it is known, and all of its values are short.
    // It calls nothing, so that it needs no frame: 25 instructions less.
    #[inline]
    fn number_near(&self, values: [&str; N]) -> Option<u32> {
        let mut hashed = [Hashed::EMPTY; N];
        for (hashed, value) in hashed.iter_mut().zip(values) {
            *hashed = Hashed::short(value)?;
        }
        let is = |known: &Known<N>| {
            let mut pairs = known.values.iter().zip(&hashed);
            pairs.all(|(known, value)| known.is_short(value))
        };
        let known = self.numbers.find_near(hash(&hashed), is)?;
        Some(known.number)
    }

    #[inline(never)]
    fn number_far(&self, values: [&str; N]) -> Option<u32> {
        let values = values.map(Hashed::new);
        let is_too_long = |value: &Hashed<'_>| value.text.len() > LONGEST_VALUE;
        match self.find(values) {
            Some(number) => Some(number),
            // Once more: it may have been added as the last one since.
            None if self.full.load(Ordering::Acquire) => self.find(values),
            None if values.iter().any(is_too_long) => None,
            None => self.insert(values),
        }
    }

    fn find(&self, values: [Hashed<'_>; N]) -> Option<u32> {
        let known = self
            .numbers
            .find(hash(&values), |known| known.values == values);
        known.map(|known| known.number)
    }

    fn insert(&self, values: [Hashed<'_>; N]) -> Option<u32> {
        let _adding = lock(&self.adding);
        if self.sets.len() >= self.most {
            return self.find(values);
        }
        let make = || {
            let values = values.map(Hashed::leaked);
            let texts = values.map(|value| value.text);
            let number = self.sets.push(texts).unwrap_or(0) as u32;
            Known { values, number }
        };
        let hash_of = |known: &Known<N>| hash(&known.values);
        let is = |known: &Known<N>| known.values == values;
        let known = self
            .numbers
            .find_or_insert(hash(&values), hash_of, is, make);
        let number = known.map(|known| known.number);
        self.note_full();
        number
    }

    /// After the last one is in the table, so that whoever sees this finds it.
    fn note_full(&self) {
        let full = self.sets.len() >= self.most;
        self.full.store(full, Ordering::Release);
    }

    /// The values of a set, by its number.
    pub(crate) fn get(&self, number: u32) -> Option<&[&'static str; N]> {
        self.sets.get(number as usize)
    }
}

#[inline]
fn hash<const N: usize>(values: &[Hashed<'_>; N]) -> u64 {
    let hashes = values.iter().map(|value| value.hash);
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
