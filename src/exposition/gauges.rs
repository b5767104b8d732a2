use super::{
    projection::Projection,
    rows::{RowRef, Rows, order_of_routes},
};
use crate::{
    label::route::Routes,
    naming::{Convention, Labels},
    store::{Movement, RequestKey, RouteKey, Store},
};
use std::cmp::Ordering;

/// How many rows are read before others get their turn.
const ROWS_PER_PIECE: usize = 64;

/// The values of the in-flight gauge, by row of the projection: `None` where nothing ever started.
///
/// They are no part of the snapshot. A gauge is what it is at one moment, so that the starts of a route have
/// to be read right after its ends, and not after those of all routes.
pub(super) struct Gauges {
    values: Vec<Option<u64>>,
    /// The group of requests in flight.
    group: Option<usize>,
    /// The groups that all requests are in, each in one of them.
    ended: Vec<usize>,
    request_keys: Vec<RequestKey>,
    movement_keys: Vec<(RouteKey, Movement)>,
    names: Vec<&'static str>,
}

impl Gauges {
    pub(super) fn new(store: &Store, routes: &Routes, convention: &Convention) -> Self {
        let groups = || (0..).zip(&convention.groups);
        let ended = groups().filter(|(_, group)| group.is_of_all());
        Self {
            values: Vec::new(),
            group: groups()
                .find(|(_, group)| group.is_in_flight())
                .map(|(index, _)| index),
            ended: ended.map(|(index, _)| index).collect(),
            request_keys: store.request_keys(0, usize::MAX),
            movement_keys: store.movement_keys(0, usize::MAX),
            names: routes.names(),
        }
    }

    /// Reads some rows more. `false` after the last.
    pub(super) fn read_some(&mut self, store: &Store, projection: &Projection) -> bool {
        let rows = self.group.and_then(|group| projection.groups.get(group));
        for _ in 0..ROWS_PER_PIECE {
            let Some(row) = rows.and_then(|rows| rows.get(self.values.len())) else {
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

    /// The sum of a row's routes, each with a moment of its own.
    fn read(&self, row: RowRef<'_>, store: &Store, projection: &Projection) -> Option<u64> {
        let keys = row.keys();
        let started = keys.filter_map(|key| match self.movement_keys.get(key as usize)? {
            (key, Movement::Started) => Some(*key),
            _ => None,
        });
        let values = started.map(|key| store.in_flight(self.ended(key, projection), key));
        values.reduce(|sum, value| sum + value)
    }

    /// All that requests of that route and method ended with.
    fn ended(&self, key: RouteKey, projection: &Projection) -> impl Iterator<Item = RequestKey> {
        let labels = Labels::of_route(key);
        let groups = self.ended.iter();
        let rows = groups.filter_map(|group| projection.groups.get(*group));
        let rows = rows.flat_map(move |rows| self.rows_of(labels, rows));
        let keys = rows.flat_map(RowRef::keys);
        keys.filter_map(|key| self.request_keys.get(key as usize).copied())
    }

    /// The rows of that route and method.
    fn rows_of<'a>(&self, labels: Labels, rows: &'a Rows) -> impl Iterator<Item = RowRef<'a>> {
        let compare = move |row: RowRef<'_>| order_of_routes(&self.names, &row.labels(), &labels);
        let start = rows.partition_point(|row| compare(row) == Ordering::Less);
        let rows = (start..).map_while(|at| rows.get(at));
        rows.take_while(move |row| compare(*row) == Ordering::Equal)
    }
}
