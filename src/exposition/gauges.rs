use super::{
    projection::Projection,
    rows::{RowRef, Rows, order_of_routes},
};
use crate::{
    label::route::Routes,
    naming::{Convention, Labels},
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
    /// The group of requests in flight.
    group: Option<usize>,
    /// The groups that all requests are in, each in one of them.
    ended: Vec<Ended>,
    ended_keys: Vec<RequestKey>,
    request_keys: Vec<RequestKey>,
    movement_keys: Vec<(RouteKey, Movement)>,
    names: Vec<&'static str>,
}

/// A group of requests that ended, and its first row that the next one of the gauge may have to do with: they
/// are mostly in the same order.
struct Ended {
    group: usize,
    next: usize,
}

/// How far from there it is looked for before all rows are.
const NEAR: usize = 8;

impl Gauges {
    pub(super) fn new(store: &Store, routes: &Routes, convention: &Convention) -> Self {
        let groups = || (0..).zip(&convention.groups);
        let ended = groups().filter(|(_, group)| group.is_of_all());
        Self {
            values: Vec::new(),
            group: groups()
                .find(|(_, group)| group.is_in_flight())
                .map(|(index, _)| index),
            ended: ended.map(|(group, _)| Ended { group, next: 0 }).collect(),
            ended_keys: Vec::new(),
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
    fn read(&mut self, row: RowRef<'_>, store: &Store, projection: &Projection) -> Option<u64> {
        let mut sum = None;
        for key in row.keys() {
            if let Some((key, Movement::Started)) = self.movement_keys.get(key as usize).copied() {
                self.find_ended(key, projection);
                let ended = self.ended_keys.iter().copied();
                sum = Some(sum.unwrap_or(0) + store.in_flight(ended, key));
            }
        }
        sum
    }

    /// Finds all that requests of that route and method ended with.
    fn find_ended(&mut self, key: RouteKey, projection: &Projection) {
        let labels = Labels::of_route(key);
        let Self {
            ended,
            ended_keys,
            request_keys,
            names,
            ..
        } = self;
        ended_keys.clear();
        for Ended { group, next } in ended {
            let Some(rows) = projection.groups.get(*group) else {
                continue;
            };
            let compare = |row: RowRef<'_>| order_of_routes(names, &row.labels(), &labels);
            let range = rows_of(rows, *next, compare);
            *next = range.end;
            let keys = range.filter_map(|at| rows.get(at)).flat_map(RowRef::keys);
            ended_keys.extend(keys.filter_map(|key| request_keys.get(key as usize)));
        }
    }
}

/// The rows that compare as equal. Mostly they begin at the place given, or right after it.
fn rows_of(rows: &Rows, next: usize, compare: impl Fn(RowRef<'_>) -> Ordering) -> Range<usize> {
    let is = |at: usize, wanted| rows.get(at).is_some_and(|row| compare(row) == wanted);
    let after_others = next == 0 || is(next - 1, Ordering::Less);
    let near = (next..next + NEAR).find(|at| !is(*at, Ordering::Less));
    let start = near
        .filter(|_| after_others)
        .unwrap_or_else(|| rows.partition_point(|row| compare(row) == Ordering::Less));
    let end = (start..).find(|at| !is(*at, Ordering::Equal));
    start..end.unwrap_or(start)
}
