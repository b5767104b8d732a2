use super::{UserValues, combinations::Combinations};
use crate::sync::{HASH_FACTOR, List, Table};

/// The numbers of the two routes that every layer has.
pub(super) const UNMATCHED_ROUTE: u32 = 0;
pub(super) const OVERFLOW_ROUTE: u32 = 1;

/// The number that stands for a request's route and peer, and the number that they overflow to. With the number of a
/// combination of the user's labels added to it, the first stands for these, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelSet {
    pub(crate) id: u32,
    pub(crate) overflow: u32,
}

/// What a label set consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// The number of the route.
    pub(crate) route: u32,
    /// The index of the peer; 0 if none are listed.
    pub(crate) peer: u8,
    /// The values of the user's labels.
    pub(crate) values: UserValues,
}

impl Labelled {
    /// The same for requests of all routes together.
    pub(crate) fn of_any_route(self) -> Self {
        Self {
            route: UNMATCHED_ROUTE,
            ..self
        }
    }

    pub(crate) fn is_unmatched(self) -> bool {
        self.route == UNMATCHED_ROUTE
    }

    pub(crate) fn is_overflow(self) -> bool {
        self.route == OVERFLOW_ROUTE
    }
}

/// What a label set without the user's labels consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RouteAndPeer {
    route: u32,
    peer: u8,
}

impl RouteAndPeer {
    fn hash(self) -> u64 {
        (u64::from(self.route) << 8 | u64::from(self.peer)).wrapping_mul(HASH_FACTOR)
    }
}

/// All label sets that were seen so far.
///
/// The sets of a route and a peer have numbers in a row, one for each combination of the user's values, so that adding a
/// combination's number to that of the set without values gives the set with them.
pub(super) struct LabelSets {
    /// In the order in which they were first seen.
    by_number: List<RouteAndPeer>,
    known: Table<(RouteAndPeer, LabelSet)>,
    combinations: Combinations,
}

impl LabelSets {
    pub(super) fn new(combinations: Combinations) -> Self {
        Self {
            by_number: List::new(),
            known: Table::new(),
            combinations,
        }
    }

    /// The set of a route and a peer, without values. Where there are no numbers left, that of the overflow. Only
    /// layers with very many combinations get there: for the others, the numbers outlast memory.
    pub(super) fn intern(&self, route: u32, peer: u8) -> LabelSet {
        let pair = RouteAndPeer { route, peer };
        match self.known.find(pair.hash(), |known| known.0 == pair) {
            Some((_, known)) => *known,
            None => self.add(pair),
        }
    }

    #[cold]
    fn add(&self, pair: RouteAndPeer) -> LabelSet {
        let overflow = match pair.route {
            OVERFLOW_ROUTE => None,
            _ => Some(self.intern(OVERFLOW_ROUTE, pair.peer)),
        };
        let make = || {
            let set = match (self.next(pair), overflow) {
                (Some(id), None) => self.overflow_from(id),
                (Some(id), Some(LabelSet { overflow, .. })) => LabelSet { id, overflow },
                // There are no numbers left.
                (None, overflow) => overflow.unwrap_or(self.overflow_from(0)),
            };
            (pair, set)
        };
        let added = self.known.find_or_insert(
            pair.hash(),
            |known| known.0.hash(),
            |known| known.0 == pair,
            make,
        );
        added.map_or(self.overflow_from(0), |(_, set)| *set)
    }

    /// The set of the overflow whose numbers begin there. That of the first peer begins at 0: it comes before the first
    /// other set.
    fn overflow_from(&self, id: u32) -> LabelSet {
        LabelSet {
            id,
            overflow: id + self.combinations.overflow_number(),
        }
    }

    /// The first number of a new set. `None` if those of its combinations are not all left.
    fn next(&self, pair: RouteAndPeer) -> Option<u32> {
        let width = self.combinations.width();
        let number = u32::try_from(self.by_number.push(pair)?).ok()?;
        let id = number.checked_mul(width)?;
        id.checked_add(width)?;
        Some(id)
    }

    /// The number of a combination of values. A new one is not kept if there is no room for what is counted under it.
    #[inline]
    pub(super) fn combination(&self, values: UserValues, is_full: impl FnOnce() -> bool) -> u32 {
        self.combinations.number(values, is_full)
    }

    pub(super) fn get(&self, id: u32) -> Option<Labelled> {
        let width = self.combinations.width();
        let RouteAndPeer { route, peer } = *self.by_number.get((id / width) as usize)?;
        Some(Labelled {
            route,
            peer,
            values: self.combinations.values(id % width),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_routes_without_a_number_are_those_of_the_overflow() {
        let sets = LabelSets::new(Combinations::new(u32::MAX, 9, 1 << 19));
        let unmatched = sets.intern(UNMATCHED_ROUTE, 0);
        let overflow = sets.intern(OVERFLOW_ROUTE, 0);
        let ids: Vec<_> = (2..5_000).map(|route| sets.intern(route, 0)).collect();
        assert!(ids[4_000] != overflow && ids[4_000].overflow == unmatched.overflow);
        assert_eq!(*ids.last().unwrap(), overflow);
        for (route, set) in (2..4_000).zip(&ids) {
            let labelled = sets.get(set.id + 1_000).unwrap();
            assert_eq!(labelled.route, route);
        }
    }
}
