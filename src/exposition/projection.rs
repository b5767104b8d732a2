use super::rows::Rows;
use crate::{
    label::route::Routes,
    naming::Labels,
    store::{RequestKey, Store},
};

/// How many keys are added before others get their turn: a fraction of a millisecond.
const KEYS_PER_PIECE: usize = 256;

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
    /// Their keys are those of routes in flight. The others' are those of requests.
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

    /// Adds some of the keys that it does not have yet.
    pub(super) fn add_some(&mut self, store: &Store, routes: &Routes) {
        let requests = store.request_keys(self.request_keys, KEYS_PER_PIECE);
        let movements = store.movement_keys(self.movement_keys, KEYS_PER_PIECE);
        // After the keys, so that it has the routes of all of them.
        let names = &routes.names();

        let labelled = |label: fn(RequestKey) -> Option<Labels>| {
            let indexed = (self.request_keys as u32..).zip(&requests);
            indexed.filter_map(move |(index, key)| Some((label(*key)?, index)))
        };
        self.requests
            .add(labelled(|key| Some(Labels::of_request(key))), names);
        self.errors.add(labelled(Labels::of_error), names);
        self.cancelled.add(labelled(Labels::of_cancellation), names);
        let moved = (self.movement_keys as u32..).zip(&movements);
        let moved = moved.map(|(index, (key, _))| (Labels::of_route(*key), index));
        self.in_flight.add(moved, names);

        self.request_keys += requests.len();
        self.movement_keys += movements.len();
        if self.is_complete(store) {
            let Self {
                requests,
                errors,
                cancelled,
                in_flight,
                ..
            } = self;
            [requests, errors, cancelled, in_flight]
                .into_iter()
                .for_each(Rows::shrink);
        }
    }
}
