use super::{
    index::{self, TextIndex},
    order::SortKey,
    source::{KeyCounts, Source},
    table::SeriesTable,
};
use crate::{
    label::Routes,
    model::push_label,
    naming::{Convention, LabelValues, SeriesSpec},
};
use std::{collections::BTreeSet, mem, sync::Arc};

/// How many keys are added before other work gets its turn.
const KEYS_PER_STRETCH: usize = 256;
/// How many new series are sorted in before other work gets its turn.
const MERGED_PER_STRETCH: usize = 128;

/// The series of a layer: which labels they show, and which keys they sum up.
///
/// A store only gains keys, and few of them between two scrapes. So each key is added here once and stays. All new
/// series are sorted in together, in one pass.
pub(super) struct Projections {
    /// One for each series spec of the convention.
    all: Vec<Projection>,
    /// How many keys were added so far.
    keys: KeyCounts,
    /// Whether new series are being sorted in. No keys are added until that is done.
    merging: bool,
    /// A buffer in which labels are formatted.
    text: String,
}

/// The series of one spec: one for each distinct text of labels.
#[derive(Default)]
struct Projection {
    table: SeriesTable,
    index: TextIndex,
    order: Arc<Vec<u32>>,
    /// The series that are not in the order yet.
    new: BTreeSet<(SortKey, u32)>,
    /// The next order, as far as it is merged, and how many series of the last order are in it.
    merged: Vec<u32>,
    taken: usize,
}

impl Projections {
    pub(super) fn new(convention: &Convention) -> Self {
        let all = convention.series.iter().map(|_| Projection::default());
        Self {
            all: all.collect(),
            keys: KeyCounts::default(),
            merging: false,
            text: String::new(),
        }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (&SeriesTable, &Arc<Vec<u32>>)> {
        let all = self.all.iter();
        all.map(|projection| (&projection.table, &projection.order))
    }

    /// Does one stretch of work towards having the series of these keys, sorted. `false` once it is done.
    pub(super) fn advance(
        &mut self,
        source: &Source,
        convention: &Convention,
        routes: &Routes,
        wanted: KeyCounts,
    ) -> bool {
        if self.merging {
            self.merging = self.merge_some(source, convention, routes);
        } else if self.keys.finished < wanted.finished {
            self.add_finished(source, convention, routes, wanted.finished);
        } else if self.keys.active < wanted.active {
            self.add_active(source, convention, routes, wanted.active);
        } else {
            self.merging = self.all.iter().any(|projection| !projection.new.is_empty());
            return self.merging;
        }
        true
    }

    fn add_finished(
        &mut self,
        source: &Source,
        convention: &Convention,
        routes: &Routes,
        end: usize,
    ) {
        let most = KEYS_PER_STRETCH.min(end - self.keys.finished);
        let keys = source.finished_keys(self.keys.finished, most);
        for key in keys {
            for (projection, spec) in self.all.iter_mut().zip(&convention.series) {
                if let Some(values) = spec.of_finished(convention.role, key, routes) {
                    let index = self.keys.finished as u32;
                    projection.add(index, spec, &values, routes, &mut self.text);
                }
            }
            self.keys.finished += 1;
        }
    }

    fn add_active(
        &mut self,
        source: &Source,
        convention: &Convention,
        routes: &Routes,
        end: usize,
    ) {
        let most = KEYS_PER_STRETCH.min(end - self.keys.active);
        let keys = source.active_keys(self.keys.active, most);
        for key in keys {
            for (projection, spec) in self.all.iter_mut().zip(&convention.series) {
                if let Some(values) = spec.of_active(key, routes) {
                    let index = self.keys.active as u32;
                    projection.add(index, spec, &values, routes, &mut self.text);
                }
            }
            self.keys.active += 1;
        }
    }

    /// Sorts in some new series. `false` once all are sorted in.
    fn merge_some(&mut self, source: &Source, convention: &Convention, routes: &Routes) -> bool {
        let mut left = MERGED_PER_STRETCH;
        for (projection, spec) in self.all.iter_mut().zip(&convention.series) {
            let sort_key = |key: u32| {
                let values = match spec.is_in_flight() {
                    true => spec.of_active(source.active_key(key)?, routes),
                    false => spec.of_finished(convention.role, source.finished_key(key)?, routes),
                };
                values.map(|values| SortKey::new(&values, routes))
            };
            if projection.merge_some(&mut left, sort_key) {
                return true;
            }
        }
        false
    }
}

impl Projection {
    /// Adds a key to the series that has its labels. If there is none, it is made.
    fn add(
        &mut self,
        key: u32,
        spec: &SeriesSpec,
        values: &LabelValues,
        routes: &Routes,
        text: &mut String,
    ) {
        text.clear();
        spec.for_each_label(values, routes, |name, value| push_label(text, name, value));
        let hash = index::hash(text);
        let known = self
            .index
            .find(hash, |series| self.table.labels(series) == text);
        if let Some(series) = known {
            self.table.link(series, key);
            return;
        }
        let series = self.table.push(text, key);
        self.index.insert(hash, series);
        self.new.insert((SortKey::new(values, routes), series));
    }

    /// Sorts in as many new series as the stretch has left. `false` once all are sorted in.
    fn merge_some(&mut self, left: &mut usize, sort_key: impl Fn(u32) -> Option<SortKey>) -> bool {
        if self.new.is_empty() && self.merged.is_empty() {
            return false;
        }
        if self.merged.is_empty() {
            self.merged.reserve_exact(self.table.len());
        }
        let table = &self.table;
        let key_of = |series: &u32| table.keys(*series).next().and_then(&sort_key);
        while *left > 0 {
            let rest = self.order.get(self.taken..).unwrap_or_default();
            let Some((key, series)) = self.new.pop_first() else {
                self.merged.extend_from_slice(rest);
                self.order = Arc::new(mem::take(&mut self.merged));
                self.taken = 0;
                self.table.shrink();
                return false;
            };
            let before = rest.partition_point(|series| key_of(series) < Some(key));
            self.merged.extend_from_slice(&rest[..before]);
            self.merged.push(series);
            self.taken += before;
            *left -= 1;
        }
        true
    }
}
