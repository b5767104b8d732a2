use super::{LONGEST_VALUE, text::Hashed};
use crate::sync::Interner;
use std::collections::BTreeSet;

/// The sets of values that labels had so far, by number. The first ones are known from the start, and the number of
/// those added later is limited.
pub(crate) struct ValueSets<const N: usize>(Interner<[Hashed<'static>; N]>);

impl<const N: usize> ValueSets<N> {
    /// `known` have the numbers from 0. A set that is twice among them has the first one's.
    pub(crate) fn new(known: &[[&str; N]], most: usize) -> Self {
        let distinct: BTreeSet<_> = known.iter().collect();
        let sets = Self(Interner::new(distinct.len().saturating_add(most)));
        for values in known {
            sets.insert(values.map(Hashed::new));
        }
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
        self.0.find_near(hash(&hashed), |known| {
            let mut pairs = known.iter().zip(&hashed);
            pairs.all(|(known, value)| known.has_same_hash(value))
        })
    }

    #[inline(never)]
    fn number_far(&self, values: [&str; N]) -> Option<u32> {
        let values = values.map(Hashed::new);
        let known = self.0.find(hash(&values), |known| *known == values);
        let too_long = values.iter().any(|value| value.text.len() > LONGEST_VALUE);
        known.or_else(|| match too_long {
            true => None,
            false => self.insert(values),
        })
    }

    fn insert(&self, values: [Hashed<'_>; N]) -> Option<u32> {
        let is = |known: &[Hashed<'_>; N]| *known == values;
        let leak = || values.map(Hashed::leaked);
        self.0.find_or_insert(hash(&values), hash, is, leak)
    }

    /// The values of a set, by its number.
    pub(crate) fn get(&self, number: u32) -> Option<[&'static str; N]> {
        let values = self.0.get(number)?;
        Some(values.map(|value| value.text))
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
        let sets = ValueSets::new(&[["_overflow"; 2]; 2], 2);
        let first = sets.number(["a", "b"]);
        assert_eq!(first, Some(1));
        assert_eq!(sets.number(["b", "a"]), Some(2));
        assert_eq!(sets.number(["ab", ""]), None);
        assert_eq!(sets.number(["a", "b"]), first);
        assert_eq!(sets.number(["_overflow"; 2]), Some(0));
        assert_eq!(sets.get(0), Some(["_overflow"; 2]));
        assert_eq!(sets.get(1), Some(["a", "b"]));
        assert_eq!(sets.get(3), None);
        assert_eq!(
            ValueSets::new(&[], 9).number(["x".repeat(257).as_str()]),
            None
        );
        assert_eq!(ValueSets::<0>::new(&[], 1).number([]), Some(0));
    }
}
