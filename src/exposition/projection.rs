use super::rows::{Rows, Term};
use crate::{naming::Labels, store::Store};

/// How many keys are added before others get their turn: a fraction of a millisecond.
const KEYS_PER_PIECE: usize = 512;

/// The series of a layer's families: which labels they have, and which keys they sum up.
///
/// Keys are only ever added to a store, and so are they here, each once: between scrapes there are few new
/// ones.
#[derive(Clone, Default)]
pub(super) struct Projection {
    /// The series of the requests counter, and of the duration histogram.
    pub(super) requests: Rows,
    pub(super) errors: Rows,
    pub(super) cancelled: Rows,
    pub(super) in_flight: Rows,
    /// How many keys of the store it has.
    request_keys: usize,
    movement_keys: usize,
}

impl Projection {
    /// Whether it has all keys of the store.
    pub(super) fn is_complete(&self, store: &Store) -> bool {
        (self.request_keys, self.movement_keys) == store.key_counts()
    }

    /// Adds some of the keys that it does not have yet. `names` are those of the routes.
    pub(super) fn add_some(&mut self, store: &Store, names: &[&'static str]) {
        let requests = store.request_keys(self.request_keys, KEYS_PER_PIECE);
        let movements = store.movement_keys(self.movement_keys, KEYS_PER_PIECE);
        let indexed = || (self.request_keys as u32..).zip(&requests);

        let all = indexed().map(|(index, key)| (Labels::of_request(*key), Term::Ended(index)));
        self.requests.add(all, names);
        let errors = indexed()
            .filter_map(|(index, key)| Some((Labels::of_error(*key)?, Term::Ended(index))));
        self.errors.add(errors, names);
        let cancelled = indexed()
            .filter_map(|(index, key)| Some((Labels::of_cancellation(*key)?, Term::Ended(index))));
        self.cancelled.add(cancelled, names);

        let ended =
            indexed().map(|(index, key)| (Labels::of_route(key.in_flight()), Term::Ended(index)));
        let moved =
            (self.movement_keys as u32..)
                .zip(&movements)
                .map(|(index, (key, movement))| {
                    (Labels::of_route(*key), Term::Moved(*movement, index))
                });
        self.in_flight.add(ended.chain(moved), names);

        self.request_keys += requests.len();
        self.movement_keys += movements.len();
    }
}
