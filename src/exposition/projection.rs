use super::rows::{Known, Rows};
use crate::{
    label::Routes,
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
        (self.request_keys, self.movement_keys)
            == (store.finished_keys().len(), store.active_keys().len())
    }

    /// Adds some of the keys that it does not have yet.
    pub(super) fn add_some(&mut self, store: &Store, routes: &Routes, convention: &Convention) {
        let read = |keys: &crate::store::Keys, from: usize| -> Vec<u64> {
            let all = (from..keys.len()).take(KEYS_PER_PIECE);
            all.filter_map(|index| Some(keys.get(index)?.key)).collect()
        };
        let requests: Vec<_> = read(store.finished_keys(), self.request_keys)
            .into_iter()
            .map(crate::request::RequestKey::unpack)
            .collect();
        let movements: Vec<_> = read(store.active_keys(), self.movement_keys)
            .into_iter()
            .map(crate::request::ActiveKey::unpack)
            .collect();
        let known = &Known::new(routes);

        self.groups
            .resize_with(convention.groups.len(), Rows::default);
        for (rows, group) in self.groups.iter_mut().zip(&convention.groups) {
            let Group { columns, .. } = group;
            if group.is_in_flight() {
                let keys = (self.movement_keys as u32..).zip(&movements);
                let labelled = keys.filter_map(|(index, key)| {
                    let route = routes.labelled(key.labels)?;
                    Some((group.of_route(*key, route)?, index))
                });
                rows.add(labelled, columns, known);
            } else {
                let keys = (self.request_keys as u32..).zip(&requests);
                let labelled = keys.filter_map(|(index, key)| {
                    let route = routes.labelled(key.labels)?;
                    Some((group.of_request(convention.role, *key, route)?, index))
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
