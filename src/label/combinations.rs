use crate::sync::{HASH_FACTOR, Interner};

/// The values of a request's labels, as one number: 0 if there are none.
pub(crate) type UserValues = u32;

/// The combinations of values that the user's labels can have, by number. That of no values is 0.
pub(super) struct Combinations {
    /// How many numbers there are.
    width: u32,
    /// What stands for combinations past the budget.
    overflow: UserValues,
    /// Its number.
    overflow_number: u32,
    /// Those that were seen. `None` if there are so few combinations that each is its own number.
    seen: Option<Interner<UserValues>>,
}

const FEW: u32 = 1 << 16;
/// So that there are numbers for 4 096 pairs of a route and a peer.
const MOST: u32 = 1 << 20;

impl Combinations {
    /// There can be `count`, of which no more than `budget` are counted.
    pub(super) fn new(count: u32, overflow: UserValues, budget: usize) -> Self {
        if count <= FEW {
            return Self {
                width: count,
                overflow,
                overflow_number: overflow,
                seen: None,
            };
        }
        let budget = u32::try_from(budget).unwrap_or(MOST);
        // Before its response, a request may have another combination than after it.
        let width = budget.saturating_mul(2).clamp(FEW, MOST);
        let seen = Interner::new(width as usize);
        insert(&seen, 0);
        Self {
            width,
            overflow,
            overflow_number: insert(&seen, overflow).unwrap_or_default(),
            seen: Some(seen),
        }
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }

    /// The number of what stands for combinations past the budget.
    pub(super) fn overflow_number(&self) -> u32 {
        self.overflow_number
    }

    /// The number of a combination. A new one is not kept if there is no room for what is counted under it.
    #[inline]
    pub(super) fn number(&self, values: UserValues, is_full: impl FnOnce() -> bool) -> u32 {
        match &self.seen {
            None => values,
            Some(seen) => self.number_of_seen(seen, values, is_full),
        }
    }

    // Not inlined: few layers have so many.
    #[inline(never)]
    fn number_of_seen(
        &self,
        seen: &Interner<UserValues>,
        values: UserValues,
        is_full: impl FnOnce() -> bool,
    ) -> u32 {
        let known = seen.find(hash(values), |known| *known == values);
        let number = known.or_else(|| match is_full() {
            true => None,
            false => insert(seen, values),
        });
        number.unwrap_or(self.overflow_number)
    }

    /// The combination of a number.
    pub(super) fn values(&self, number: u32) -> UserValues {
        let Some(seen) = &self.seen else {
            return number;
        };
        seen.get(number).copied().unwrap_or(self.overflow)
    }
}

fn insert(seen: &Interner<UserValues>, values: UserValues) -> Option<u32> {
    let hash_of = |known: &UserValues| hash(*known);
    seen.find_or_insert(hash(values), hash_of, |known| *known == values, || values)
}

fn hash(values: UserValues) -> u64 {
    u64::from(values).wrapping_mul(HASH_FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_combinations_are_their_own_numbers() {
        let few = Combinations::new(12, 7, 100);
        assert_eq!((few.width(), few.overflow_number()), (12, 7));
        for values in 0..12 {
            assert_eq!(few.number(values, || unreachable!()), values);
            assert_eq!(few.values(values), values);
        }
    }

    #[test]
    fn many_combinations_have_numbers_as_they_are_seen_while_there_is_room() {
        let many = Combinations::new(u32::MAX, 9_000_000, 10);
        assert_eq!(many.width(), FEW);
        assert_eq!(many.number(0, || unreachable!()), 0);
        assert_eq!(
            many.number(9_000_000, || unreachable!()),
            many.overflow_number()
        );
        let first = many.number(70_000, || false);
        assert_eq!(many.number(70_000, || unreachable!()), first);
        assert_eq!(many.values(first), 70_000);
        assert_eq!(many.number(70_001, || true), many.overflow_number());
        for values in 0..2 * FEW {
            assert!(many.number(values, || false) < FEW);
        }
        assert_eq!(many.number(u32::MAX, || false), many.overflow_number());
        assert_eq!(many.values(many.overflow_number()), 9_000_000);
    }
}
