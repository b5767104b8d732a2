use crate::{
    label::route::RouteId,
    naming::{Labels, Third},
    store::{Movement, Snapshot},
};
use std::{cmp::Ordering, fmt, fmt::Write};

/// The series of one family, sorted by route, method and the third label, so that scrapes are alike from
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

/// One series.
#[derive(Clone)]
pub(super) struct Row {
    labels: Labels,
    /// Where its labels end in the text. They begin where those of the row before end.
    text_end: u32,
    /// Its last link.
    link: u32,
}

/// One term of a row's value, and the link before it.
#[derive(Clone)]
struct Link {
    term: Term,
    before: u32,
}

const NO_LINK: u32 = u32::MAX;

/// What a row's value is made of: an index of a key in the store.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    Ended(u32),
    Moved(Movement, u32),
}

/// The value of one series of a histogram.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    pub(super) seconds: f64,
    pub(super) count: u64,
    /// Not cumulated.
    pub(super) buckets: Vec<u64>,
}

impl Rows {
    /// Adds terms to the rows of their labels, which are made where there are none yet.
    pub(super) fn add(
        &mut self,
        terms: impl Iterator<Item = (Labels, Term)>,
        names: &[&'static str],
    ) {
        let mut terms: Vec<(Labels, Term)> = terms.collect();
        terms.sort_by(|(a, _), (b, _)| order(names, a, b));
        let known = self.sorted.len();
        for same in terms.chunk_by(|(a, _), (b, _)| a == b) {
            let labels = same[0].0;
            let found = self.sorted[..known]
                .binary_search_by(|row| order(names, &self.rows[*row as usize].labels, &labels));
            let row = match found {
                Ok(at) => self.sorted[at],
                Err(_) => self.add_row(labels, names),
            };
            for (_, term) in same {
                self.add_term(row, *term);
            }
        }
        // Two sorted runs, which this sort only merges.
        let Self { rows, sorted, .. } = self;
        let labels = |row: &u32| &rows[*row as usize].labels;
        sorted.sort_by(|a, b| order(names, labels(a), labels(b)));
    }

    fn add_row(&mut self, labels: Labels, names: &[&'static str]) -> u32 {
        // A `String` takes everything that is written to it.
        let _ = LabelPairs { names, labels }.write(&mut self.text);
        let row = self.rows.len() as u32;
        self.sorted.push(row);
        self.rows.push(Row {
            labels,
            text_end: self.text.len() as u32,
            link: NO_LINK,
        });
        row
    }

    fn add_term(&mut self, row: u32, term: Term) {
        let before = std::mem::replace(&mut self.rows[row as usize].link, self.links.len() as u32);
        self.links.push(Link { term, before });
    }

    /// The rows in their order, from one of them on.
    pub(super) fn get(&self, at: usize) -> Option<RowRef<'_>> {
        let index = *self.sorted.get(at)? as usize;
        Some(RowRef { rows: self, index })
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

    pub(super) fn labels(self, names: &'a [&'static str]) -> LabelPairs<'a> {
        LabelPairs {
            names,
            labels: self.rows.rows[self.index].labels,
        }
    }

    /// How many requests ended.
    pub(super) fn count(self, snapshot: &Snapshot) -> u64 {
        self.ended().map(|key| snapshot.count(key)).sum()
    }

    /// How many requests started and did not end. `None` where none ever started.
    pub(super) fn in_flight(self, snapshot: &Snapshot) -> Option<u64> {
        let mut started = false;
        let (mut came, mut gone) = (0_u64, 0_u64);
        for term in self.terms() {
            match term {
                Term::Ended(key) => gone += snapshot.count(key),
                Term::Moved(Movement::Left, key) => gone += snapshot.moved(key),
                Term::Moved(movement, key) => {
                    started |= movement == Movement::Started;
                    came += snapshot.moved(key);
                }
            }
        }
        started.then(|| came.saturating_sub(gone))
    }

    /// The durations of the requests that ended, in the histogram given, which is made to fit.
    pub(super) fn fill(self, histogram: &mut Histogram, snapshot: &Snapshot) {
        histogram.buckets.clear();
        histogram.buckets.resize(snapshot.bucket_count(), 0);
        let mut nanos = 0_u64;
        for key in self.ended() {
            nanos = nanos.wrapping_add(snapshot.nanos(key));
            for (sum, bucket) in histogram.buckets.iter_mut().zip(snapshot.buckets(key)) {
                *sum += bucket;
            }
        }
        histogram.seconds = nanos as f64 / 1e9;
        histogram.count = histogram.buckets.iter().sum();
    }

    fn ended(self) -> impl Iterator<Item = u32> + use<'a> {
        self.terms().filter_map(|term| match term {
            Term::Ended(key) => Some(key),
            Term::Moved(..) => None,
        })
    }

    fn terms(self) -> impl Iterator<Item = Term> + use<'a> {
        let links = &self.rows.links;
        let mut next = self.rows.rows[self.index].link;
        std::iter::from_fn(move || {
            let link = links.get(next as usize)?;
            next = link.before;
            Some(link.term)
        })
    }
}

fn order(names: &[&'static str], a: &Labels, b: &Labels) -> Ordering {
    let by = |labels: &Labels| {
        (
            name(names, labels.route),
            labels.method.as_str(),
            labels.third,
        )
    };
    by(a).cmp(&by(b))
}

/// Labels with their names.
pub(super) struct LabelPairs<'a> {
    names: &'a [&'static str],
    labels: Labels,
}

impl LabelPairs<'_> {
    pub(super) fn each(&self, mut visit: impl FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
        let Labels {
            route,
            method,
            third,
        } = self.labels;
        visit("method", method.as_str())?;
        visit("route", name(self.names, route))?;
        third.map_or(Ok(()), |third: Third| {
            visit(third.name(), &third.to_string())
        })
    }

    /// Writes the labels, the closing brace, and the space before the value.
    fn write(&self, text: &mut String) -> fmt::Result {
        let mut separator = "";
        self.each(|name, value| {
            write!(text, "{separator}{name}=\"")?;
            separator = ",";
            for char in value.chars() {
                match char {
                    '\\' => text.push_str("\\\\"),
                    '"' => text.push_str("\\\""),
                    '\n' => text.push_str("\\n"),
                    char => text.push(char),
                }
            }
            text.write_char('"')
        })?;
        text.write_str("} ")
    }
}

fn name(names: &[&'static str], route: RouteId) -> &'static str {
    names
        .get(route.number() as usize)
        .copied()
        .unwrap_or_default()
}
