use super::{
    index::{self, Index},
    schema::Schema,
    source::{KeyCounts, Source},
    table::SeriesTable,
    texts::{DistinctTexts, Texts},
};
use std::{collections::BTreeSet, mem, sync::Arc};

/// How many keys are added before other work gets its turn.
const KEYS_PER_STRETCH: usize = 256;
/// How many new series are sorted in before other work gets its turn.
const MERGED_PER_STRETCH: usize = 128;

/// The series of a store: which labels they show, and which keys they sum up.
///
/// A store only gains keys, and few of them between two scrapes. So each key is added here once and stays. All new
/// series are sorted in together, in one pass.
pub(super) struct Projections<S: Schema> {
    /// One for each kind of series.
    all: Vec<Projection<S::Order>>,
    /// How many keys were added so far.
    keys: KeyCounts,
    /// Whether new series are being sorted in. No keys are added until that is done.
    merging: bool,
    /// What the labels of all series consist of.
    texts: DistinctTexts,
}

/// The series of one kind: one for all keys with the same labels.
struct Projection<O> {
    /// The number of the kind.
    number: usize,
    /// Whether it counts what is active.
    active: bool,
    table: SeriesTable,
    index: Index,
    order: Arc<Vec<u32>>,
    /// The series that are not in the order yet.
    new: BTreeSet<(O, u32)>,
    /// The next order, as far as it is merged, and how many series of the last order are in it.
    merged: Vec<u32>,
    taken: usize,
}

impl<S: Schema> Projections<S> {
    pub(super) fn new(schema: &S) -> Self {
        let all = schema.series().enumerate();
        let all = all.map(|(number, active)| Projection::new(number, active));
        Self {
            all: all.collect(),
            keys: KeyCounts::default(),
            merging: false,
            texts: DistinctTexts::default(),
        }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (&SeriesTable, &Arc<Vec<u32>>)> {
        let all = self.all.iter();
        all.map(|projection| (&projection.table, &projection.order))
    }

    pub(super) fn texts(&self) -> &Texts {
        self.texts.texts()
    }

    /// Does one stretch of work towards having the series of these keys, sorted. `false` once it is done.
    pub(super) fn advance(&mut self, source: Source, schema: &S, wanted: KeyCounts) -> bool {
        if self.merging {
            self.merging = self.merge_some(source, schema);
            if !self.merging {
                self.texts.shrink();
            }
        } else if self.keys.finished < wanted.finished {
            self.keys.finished = self.add_some(source, schema, false, wanted);
        } else if self.keys.active < wanted.active {
            self.keys.active = self.add_some(source, schema, true, wanted);
        } else {
            self.merging = self.all.iter().any(|projection| !projection.new.is_empty());
            return self.merging;
        }
        true
    }

    /// Adds some keys, and says how many there are then.
    fn add_some(&mut self, source: Source, schema: &S, active: bool, wanted: KeyCounts) -> usize {
        let first = self.keys.of(active);
        let end = wanted.of(active).min(first + KEYS_PER_STRETCH);
        for index in first..end {
            let index = index as u32;
            let Some(key) = source.key(active, index) else {
                continue;
            };
            let mut all = self.all.iter_mut();
            while let Some(projection) = all.find(|projection| projection.active == active) {
                if let Some(values) = schema.values(projection.number, key) {
                    projection.add(index, schema, &values, &mut self.texts);
                }
            }
        }
        end
    }

    /// Sorts in some new series. `false` once all are sorted in.
    fn merge_some(&mut self, source: Source, schema: &S) -> bool {
        let mut left = MERGED_PER_STRETCH;
        let mut all = self.all.iter_mut();
        all.any(|projection| {
            let (number, active) = (projection.number, projection.active);
            let order = |index: u32| {
                let values = schema.values(number, source.key(active, index)?);
                values.map(|values| schema.order(&values))
            };
            projection.merge_some(&mut left, order)
        })
    }
}

impl<O: Ord> Projection<O> {
    fn new(number: usize, active: bool) -> Self {
        Self {
            number,
            active,
            table: SeriesTable::default(),
            index: Index::default(),
            order: Arc::default(),
            new: BTreeSet::new(),
            merged: Vec::new(),
            taken: 0,
        }
    }

    /// Adds a key to the series that has its labels. If there is none, it is made.
    fn add<S: Schema<Order = O>>(
        &mut self,
        key: u32,
        schema: &S,
        values: &S::Values,
        texts: &mut DistinctTexts,
    ) {
        let labels = texts.parts(|visit| schema.for_each_label(self.number, values, visit));
        let hash = index::hash(labels);
        let known = self
            .index
            .find(hash, |series| self.table.labels(series) == Some(labels));
        if let Some(series) = known {
            self.table.link(series, key);
            return;
        }
        let series = self.table.push(labels, key);
        self.index.insert(hash, series);
        self.new.insert((schema.order(values), series));
    }

    /// Sorts in as many new series as the stretch has left. `false` once all are sorted in.
    fn merge_some(&mut self, left: &mut usize, order: impl Fn(u32) -> Option<O>) -> bool {
        if self.new.is_empty() && self.merged.is_empty() {
            return false;
        }
        if self.merged.is_empty() {
            self.merged.reserve_exact(self.table.len());
        }
        let table = &self.table;
        let order_of = |series: &u32| table.keys(*series).next().and_then(&order);
        while *left > 0 {
            let rest = self.order.get(self.taken..).unwrap_or_default();
            let Some((place, series)) = self.new.pop_first() else {
                self.merged.extend_from_slice(rest);
                self.order = Arc::new(mem::take(&mut self.merged));
                self.taken = 0;
                self.table.shrink();
                return false;
            };
            let place = Some(place);
            let before = rest.partition_point(|series| order_of(series) < place);
            self.merged.extend_from_slice(&rest[..before]);
            self.merged.push(series);
            self.taken += before;
            *left -= 1;
        }
        true
    }
}
