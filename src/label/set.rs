use crate::sync::{HASH_FACTOR, List, Table};

/// The numbers of the two routes that every layer has.
pub(super) const UNMATCHED_ROUTE: u32 = 0;
pub(super) const OVERFLOW_ROUTE: u32 = 1;
/// The number that stands for a request's route and peer, and the number that they overflow to.
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
}

/// All label sets that were seen so far.
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

pub(super) struct LabelSets {
    by_id: List<Labelled>,
    ids: Table<(Labelled, u32)>,
    /// The number of the route that label sets overflow to.
    overflow: u32,
}

impl LabelSets {
    pub(super) fn new(overflow: u32) -> Self {
        Self {
            by_id: List::new(),
            ids: Table::new(),
            overflow,
        }
    }

    /// The set of these labels. `None` if there are no numbers left, for which memory does not suffice.
    pub(super) fn intern(&self, labelled: Labelled) -> Option<LabelSet> {
        let overflow = Labelled {
            route: self.overflow,
            ..labelled
        };
        Some(LabelSet {
            id: self.id(labelled)?,
            overflow: self.id(overflow)?,
        })
    }

    fn id(&self, labelled: Labelled) -> Option<u32> {
        let is = |known: &(Labelled, u32)| known.0 == labelled;
        let known = self.ids.find(hash(labelled), is);
        let known = known.or_else(|| self.add(labelled));
        known.map(|(_, id)| *id)
    }

    #[cold]
    fn add(&self, labelled: Labelled) -> Option<&(Labelled, u32)> {
        let make = || {
            let id = self.by_id.push(labelled).unwrap_or(usize::MAX);
            (labelled, id as u32)
        };
        self.ids.find_or_insert(
            hash(labelled),
            |known| hash(known.0),
            |known| known.0 == labelled,
            make,
        )
    }

    pub(super) fn get(&self, id: u32) -> Option<Labelled> {
        self.by_id.get(id as usize).copied()
    }
}

fn hash(Labelled { route, peer }: Labelled) -> u64 {
    (u64::from(route) << 8 | u64::from(peer)).wrapping_mul(HASH_FACTOR)
}
