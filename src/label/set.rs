use super::UserValues;
use crate::sync::{HASH_FACTOR, List, Table};

/// The numbers of the two routes that every layer has.
pub(super) const UNMATCHED_ROUTE: u32 = 0;
pub(super) const OVERFLOW_ROUTE: u32 = 1;

/// The number that stands for a request's route, its peer and the user's labels, and the number that they overflow to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelSet {
    pub(crate) id: u32,
    pub(crate) overflow: u32,
}

impl LabelSet {
    /// The one that stands for it past the budget.
    pub(super) fn overflowed(self) -> Self {
        Self {
            id: self.overflow,
            overflow: self.overflow,
        }
    }
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

/// All label sets that were seen so far.
pub(super) struct LabelSets {
    by_id: List<Labelled>,
    known: Table<(Labelled, LabelSet)>,
    /// By the number of a set without values of the user's labels, and those values: the set with them.
    with_values: Table<(u64, LabelSet)>,
    /// The values of the user's labels in sets that stand for those past the budget.
    overflow: UserValues,
}

impl LabelSets {
    pub(super) fn new(overflow: UserValues) -> Self {
        Self {
            by_id: List::new(),
            known: Table::new(),
            with_values: Table::new(),
            overflow,
        }
    }

    /// The set of these labels. `None` if there are no numbers left, for which memory does not suffice.
    pub(super) fn intern(&self, labelled: Labelled) -> Option<LabelSet> {
        match self.find(labelled) {
            Some(known) => Some(known),
            None => self.add(labelled),
        }
    }

    pub(super) fn find(&self, labelled: Labelled) -> Option<LabelSet> {
        let is = |known: &(Labelled, LabelSet)| known.0 == labelled;
        self.known.find(hash(labelled), is).map(|(_, set)| *set)
    }

    #[cold]
    fn add(&self, labelled: Labelled) -> Option<LabelSet> {
        let overflow = Labelled {
            route: OVERFLOW_ROUTE,
            values: self.overflow,
            ..labelled
        };
        let overflow = match labelled == overflow {
            true => None,
            false => Some(self.intern(overflow)?.id),
        };
        let make = || {
            let id = self.by_id.push(labelled).unwrap_or(usize::MAX) as u32;
            let overflow = overflow.unwrap_or(id);
            (labelled, LabelSet { id, overflow })
        };
        let added = self.known.find_or_insert(
            hash(labelled),
            |known| hash(known.0),
            |known| known.0 == labelled,
            make,
        );
        added.map(|(_, set)| *set)
    }

    /// The set with these values of the user's labels. A new one is not kept if there is no room for what is counted
    /// under it: it overflows at once.
    #[inline]
    pub(super) fn with_values(
        &self,
        set: LabelSet,
        values: UserValues,
        is_full: impl FnOnce() -> bool,
    ) -> LabelSet {
        let both = u64::from(set.id) << 32 | u64::from(values);
        let hash = both.wrapping_mul(HASH_FACTOR);
        match self.with_values.find(hash, |known| known.0 == both) {
            Some((_, with)) => *with,
            None => self.add_values(set, values, both, is_full()),
        }
    }

    #[cold]
    fn add_values(&self, set: LabelSet, values: UserValues, both: u64, is_full: bool) -> LabelSet {
        let Some(labelled) = self.get(set.id) else {
            return set;
        };
        let labelled = Labelled { values, ..labelled };
        let with = match self.find(labelled) {
            Some(known) => known,
            None if is_full => return set.overflowed(),
            None => self.intern(labelled).unwrap_or(set),
        };
        let hash = |both: u64| both.wrapping_mul(HASH_FACTOR);
        self.with_values.find_or_insert(
            hash(both),
            |known| hash(known.0),
            |known| known.0 == both,
            || (both, with),
        );
        with
    }

    pub(super) fn get(&self, id: u32) -> Option<Labelled> {
        self.by_id.get(id as usize).copied()
    }
}

fn hash(labelled: Labelled) -> u64 {
    let Labelled {
        route,
        peer,
        values,
    } = labelled;
    let route = u64::from(route) << 8 | u64::from(peer);
    (route ^ u64::from(values) << 32).wrapping_mul(HASH_FACTOR)
}
