use crate::{
    label::Routes,
    naming::{Column, Labels},
    store::{Exemplar, Snapshot},
};
use std::{cmp::Ordering, fmt, fmt::Write};

/// The series of one group of families, sorted by route, method and the rest, so that scrapes are alike from
/// process to process.
#[derive(Clone, Default)]
pub(super) struct Rows {
    /// In the order of their first sight.
    rows: Vec<Row>,
    /// Indices of rows, sorted by labels.
    sorted: Vec<u32>,
    /// The labels of one row after the other as they are written, formatted once.
    text: String,
    links: Vec<Link>,
}

/// One series, which sums up one or more keys of the store.
#[derive(Clone)]
struct Row {
    labels: Labels,
    /// Where its labels end in the text. They begin where those of the row before end.
    text_end: u32,
    key: u32,
    /// The link to its other keys.
    more: u32,
}

/// One more key of a row, and the link to the others.
#[derive(Clone)]
struct Link {
    key: u32,
    more: u32,
}

const NO_MORE: u32 = u32::MAX;

/// The value of one series of a histogram.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    pub(super) seconds: f64,
    pub(super) count: u64,
    /// Not cumulated.
    pub(super) buckets: Vec<u64>,
    /// By bucket; empty if there are none.
    pub(super) exemplars: Vec<Option<Exemplar>>,
    /// Empty if there is none.
    pub(super) native_buckets: Vec<u64>,
}

impl Rows {
    /// Adds keys to the rows of their labels, which are made where there are none yet.
    pub(super) fn add(
        &mut self,
        labelled: impl Iterator<Item = (Labels, u32)>,
        columns: &[Column],
        known: &Known<'_>,
    ) {
        let names = known.routes;
        let mut labelled: Vec<(Labels, u32)> = labelled.collect();
        labelled.sort_by(|(a, _), (b, _)| order(names, a, b));
        let sorted = self.sorted.len();
        for same in labelled.chunk_by(|(a, _), (b, _)| a == b) {
            let (labels, key) = same[0];
            let found = self.sorted[..sorted]
                .binary_search_by(|row| order(names, &self.rows[*row as usize].labels, &labels));
            let (row, others) = match found {
                Ok(at) => (self.sorted[at], same),
                Err(_) => (self.add_row(labels, key, columns, known), &same[1..]),
            };
            for (_, key) in others {
                self.link(row, *key);
            }
        }
        // Two sorted runs, which this sort only merges.
        let Self { rows, sorted, .. } = self;
        let labels = |row: &u32| &rows[*row as usize].labels;
        sorted.sort_by(|a, b| order(names, labels(a), labels(b)));
    }

    /// Gives back what growing took in advance.
    pub(super) fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.sorted.shrink_to_fit();
        self.text.shrink_to_fit();
        self.links.shrink_to_fit();
    }

    fn add_row(&mut self, labels: Labels, key: u32, columns: &[Column], known: &Known<'_>) -> u32 {
        let pairs = LabelPairs {
            known,
            columns,
            labels,
        };
        // A `String` takes everything that is written to it.
        let _ = pairs.write(&mut self.text);
        let row = self.rows.len() as u32;
        let text_end = self.text.len() as u32;
        self.sorted.push(row);
        self.rows.push(Row {
            labels,
            text_end,
            key,
            more: NO_MORE,
        });
        row
    }

    fn link(&mut self, row: u32, key: u32) {
        let link = self.links.len() as u32;
        let more = std::mem::replace(&mut self.rows[row as usize].more, link);
        self.links.push(Link { key, more });
    }

    /// A row by its place in the order.
    pub(super) fn get(&self, at: usize) -> Option<RowRef<'_>> {
        let index = *self.sorted.get(at)? as usize;
        Some(RowRef { rows: self, index })
    }

    /// The place of the first row for which that is not so.
    pub(super) fn partition_point(&self, is_before: impl Fn(RowRef<'_>) -> bool) -> usize {
        self.sorted.partition_point(|row| {
            let index = *row as usize;
            is_before(RowRef { rows: self, index })
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RowRef<'_>> {
        (0..).map_while(|at| self.get(at))
    }
}

/// A row of [`Rows`].
#[derive(Clone, Copy)]
pub(super) struct RowRef<'a> {
    rows: &'a Rows,
    index: usize,
}

impl<'a> RowRef<'a> {
    /// The labels as they are written, without the opening brace.
    pub(super) fn text(self) -> &'a str {
        let rows = &self.rows.rows;
        let start = self
            .index
            .checked_sub(1)
            .map_or(0, |before| rows[before].text_end as usize);
        &self.rows.text[start..rows[self.index].text_end as usize]
    }

    pub(super) fn labels(self) -> Labels {
        self.rows.rows[self.index].labels
    }

    /// The indices of its keys.
    pub(super) fn keys(self) -> impl Iterator<Item = u32> + use<'a> {
        let Row { key, mut more, .. } = self.rows.rows[self.index];
        let links = &self.rows.links;
        let others = std::iter::from_fn(move || {
            let link = links.get(more as usize)?;
            more = link.more;
            Some(link.key)
        });
        std::iter::once(key).chain(others)
    }

    /// How many requests ended.
    pub(super) fn count(self, snapshot: &Snapshot) -> u64 {
        self.keys().map(|key| snapshot.count(key as usize, 0)).sum()
    }

    /// The durations of the requests that ended, in the histogram given, which is made to fit.
    pub(super) fn fill(
        self,
        histogram: &mut Histogram,
        snapshot: &Snapshot,
        buckets_len: usize,
        native: Option<&crate::histogram::NativeBuckets>,
    ) {
        let Histogram {
            buckets,
            native_buckets,
            exemplars,
            ..
        } = histogram;
        for (sums, len) in [
            (&mut *buckets, buckets_len),
            (
                native_buckets,
                native.map_or(0, crate::histogram::NativeBuckets::len),
            ),
        ] {
            sums.clear();
            sums.resize(len, 0);
        }
        let mut nanos = 0_u64;
        for key in self.keys() {
            let key = key as usize;
            nanos = nanos.wrapping_add(snapshot.sum(key, 0));
            match native {
                Some(native) => native.split(snapshot.bins(key, 0), buckets, native_buckets),
                None => snapshot.bins(key, 0).for_each(|(bin, n)| buckets[bin] += n),
            }
        }
        exemplars.clear();
        if snapshot.has_exemplars() {
            let newest = |bucket| {
                let exemplars = self
                    .keys()
                    .filter_map(|key| snapshot.exemplar(key as usize, 0, bucket));
                exemplars.max_by_key(|exemplar| exemplar.millis)
            };
            exemplars.extend((0..buckets_len).map(newest));
        }
        histogram.seconds = nanos as f64 / 1e9;
        histogram.count = histogram.buckets.iter().sum();
    }
}

/// The order of rows.
pub(super) fn order(names: &Routes, a: &Labels, b: &Labels) -> Ordering {
    let rest = |l: &Labels| (l.reason, l.status, l.code, l.method, l.version, l.scheme);
    order_of_routes(names, a, b).then_with(|| rest(a).cmp(&rest(b)))
}

/// The order of rows, as far as routes and methods make it.
pub(super) fn order_of_routes(names: &Routes, a: &Labels, b: &Labels) -> Ordering {
    let by = |labels: &Labels| {
        let name = names.name(labels.route.route);
        (name, labels.route.peer, labels.method.as_str())
    };
    by(a).cmp(&by(b))
}

/// What numbers in labels stand for.
pub(super) struct Known<'a> {
    pub(super) routes: &'a Routes,
}

impl<'a> Known<'a> {
    pub(super) fn new(routes: &'a Routes) -> Self {
        Self { routes }
    }
}

/// Labels with their names.
pub(super) struct LabelPairs<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) columns: &'a [Column],
    pub(super) labels: Labels,
}

impl LabelPairs<'_> {
    pub(super) fn each(&self, mut visit: impl FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
        let routes = self.known.routes;
        self.columns.iter().try_for_each(|Column { name, shown }| {
            self.labels
                .show(shown, routes, &mut |value| visit(name, value))
        })
    }

    /// Writes the labels, the closing brace, and the space before the value.
    fn write(&self, text: &mut String) -> fmt::Result {
        let mut separator = "";
        self.each(|name, value| {
            text.push_str(separator);
            separator = ",";
            push_label(text, name, value);
            Ok(())
        })?;
        text.write_str("} ")
    }
}

/// Writes a label as all text formats have it.
pub(super) fn push_label(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str("=\"");
    for char in value.chars() {
        match char {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            char => text.push(char),
        }
    }
    text.push('"');
}
