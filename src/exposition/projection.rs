use super::rows::{Known, Rows};
use crate::{
    label::route::Routes,
    naming::{Convention, Group},
    store::Store,
};

/// How many keys are added before others get their turn: a fraction of a millisecond.
const KEYS_PER_PIECE: usize = 256;

/// The series of a layer's families: which labels they have, and which keys they sum up.
///
/// Keys are only ever added to a store, and so are they here, each once: between scrapes there are few new
/// ones.
#[derive(Clone, Default)]
pub(super) struct Projection {
    /// By group of the convention. The keys of requests in flight are those of movements, the others' those
    /// of requests.
    pub(super) groups: Vec<Rows>,
    /// How many keys of the store it has.
    pub(super) request_keys: usize,
    movement_keys: usize,
}

impl Projection {
    /// Whether it has all keys of the store.
    pub(super) fn is_complete(&self, store: &Store) -> bool {
        (self.request_keys, self.movement_keys) == store.key_counts()
    }

    /// Adds some of the keys that it does not have yet.
    pub(super) fn add_some(&mut self, store: &Store, routes: &Routes, convention: &Convention) {
        let requests = store.request_keys(self.request_keys, KEYS_PER_PIECE);
        let movements = store.movement_keys(self.movement_keys, KEYS_PER_PIECE);
        // After the keys, so that it has the routes of all of them.
        let names = &routes.names();
        let known = &Known::new(routes, names);

        self.groups
            .resize_with(convention.groups.len(), Rows::default);
        for (rows, group) in self.groups.iter_mut().zip(&convention.groups) {
            let Group { columns, .. } = group;
            if group.is_in_flight() {
                let keys = (self.movement_keys as u32..).zip(&movements);
                let labelled =
                    keys.filter_map(|(index, (key, _))| Some((group.of_route(*key)?, index)));
                rows.add(labelled, columns, known);
            } else {
                let keys = (self.request_keys as u32..).zip(&requests);
                let labelled = keys.filter_map(|(index, key)| {
                    Some((group.of_request(convention.role, *key)?, index))
                });
                rows.add(labelled, columns, known);
            }
        }

        self.request_keys += requests.len();
        self.movement_keys += movements.len();
        if self.is_complete(store) {
            self.groups.iter_mut().for_each(Rows::shrink);
        }
    }
}
