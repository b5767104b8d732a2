use super::{
    projection::Projection,
    rows::{RowRef, order},
};
use crate::{
    label::route::Routes,
    naming::Labels,
    store::{Movement, RequestKey, RouteKey, Store},
};
use std::{cmp::Ordering, ops::Range};

/// How many rows are read before others get their turn.
const ROWS_PER_PIECE: usize = 64;

/// The values of the in-flight gauge, by row of the projection: `None` where nothing ever started.
///
/// They are no part of the snapshot. A gauge is what it is at one moment, so that the starts of a route have
/// to be read right after its ends, and not after those of all routes.
pub(super) struct Gauges {
    values: Vec<Option<u64>>,
    /// The first row of requests that the next row may have to do with: they are in the same order.
    requests: usize,
    request_keys: Vec<RequestKey>,
    movement_keys: Vec<(RouteKey, Movement)>,
    names: Vec<&'static str>,
}

impl Gauges {
    pub(super) fn new(store: &Store, routes: &Routes) -> Self {
        Self {
            values: Vec::new(),
            requests: 0,
            request_keys: store.request_keys(0, usize::MAX),
            movement_keys: store.movement_keys(0, usize::MAX),
            names: routes.names(),
        }
    }

    /// Reads some rows more. `false` after the last.
    pub(super) fn read_some(&mut self, store: &Store, projection: &Projection) -> bool {
        for _ in 0..ROWS_PER_PIECE {
            let Some(row) = projection.in_flight.get(self.values.len()) else {
                return false;
            };
            let value = self.read(row, store, projection);
            self.values.push(value);
        }
        true
    }

    /// The value of a row.
    pub(super) fn get(&self, row: usize) -> Option<u64> {
        *self.values.get(row)?
    }

    fn read(&mut self, row: RowRef<'_>, store: &Store, projection: &Projection) -> Option<u64> {
        let Labels { route, method, .. } = row.labels();
        let requests = self.requests_of(row.labels(), projection);
        let keys = |row: usize| {
            projection
                .requests
                .get(row)
                .into_iter()
                .flat_map(RowRef::keys)
        };
        let ended = requests
            .flat_map(keys)
            .filter_map(|key| self.request_keys.get(key as usize));
        let started = row.keys().any(|key| {
            let key = self.movement_keys.get(key as usize);
            key.is_some_and(|(_, movement)| *movement == Movement::Started)
        });
        started.then(|| store.in_flight(ended.copied(), RouteKey { route, method }))
    }

    /// The rows of requests with that route and method.
    fn requests_of(&mut self, labels: Labels, projection: &Projection) -> Range<usize> {
        let names = &self.names;
        let rows = &projection.requests;
        let next = |from: usize, wanted: fn(Ordering) -> bool| {
            let rows = (from..).map_while(|at| rows.get(at));
            let compared = rows.map(|row| order(names, &row.labels().without_third(), &labels));
            from + compared.take_while(|ordering| wanted(*ordering)).count()
        };
        let start = next(self.requests, Ordering::is_lt);
        let end = next(start, Ordering::is_eq);
        self.requests = end;
        start..end
    }
}
