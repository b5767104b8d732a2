use crate::{
    label::route::RouteId,
    naming::{Labels, Third},
    store::{Keys, Movement, RouteKey, Snapshot},
};
use std::{cmp::Ordering, collections::BTreeMap, fmt, fmt::Write, ops::Range};

/// The series of a layer's families: which labels they have, and which keys they sum up.
///
/// Sorted by route, method and the third label, so that scrapes are alike from process to process.
#[derive(Default)]
pub(super) struct Projection {
    /// The series of the requests counter, and of the duration histogram.
    pub(super) requests: Vec<Row>,
    pub(super) errors: Vec<Row>,
    pub(super) cancelled: Vec<Row>,
    pub(super) in_flight: Vec<InFlightRow>,
    /// How many keys it was made of.
    size: (usize, usize),
    names: Vec<&'static str>,
    /// What rows have ranges of: the labels of one after the other, formatted once, and their keys.
    text: String,
    keys: Vec<u32>,
}

/// One series.
pub(super) struct Row {
    labels: Labels,
    text: Range<u32>,
    keys: Range<u32>,
}

/// One series of the in-flight gauge. Its row's keys are those of the requests that ended.
pub(super) struct InFlightRow {
    pub(super) row: Row,
    came: Range<u32>,
    left: Range<u32>,
}

/// The value of one series of a histogram.
pub(super) struct Histogram {
    pub(super) seconds: f64,
    pub(super) count: u64,
    /// Not cumulated.
    pub(super) buckets: Vec<u64>,
}

impl Projection {
    pub(super) fn new(keys: &Keys, names: Vec<&'static str>) -> Self {
        let mut projection = Self {
            size: (keys.requests.len(), keys.movements.len()),
            names,
            ..Self::default()
        };
        let requests = || (0..).zip(&keys.requests);
        projection.requests =
            projection.rows(requests().map(|(index, key)| (Labels::of_request(*key), index)));
        projection.errors = projection
            .rows(requests().filter_map(|(index, key)| Some((Labels::of_error(*key)?, index))));
        projection.cancelled = projection.rows(
            requests().filter_map(|(index, key)| Some((Labels::of_cancellation(*key)?, index))),
        );
        projection.in_flight = projection.in_flight_rows(keys);
        projection
    }

    /// Whether it was made of these keys: they never change, only new ones are added.
    pub(super) fn is_of(&self, keys: &Keys) -> bool {
        self.size == (keys.requests.len(), keys.movements.len())
    }

    pub(super) fn count(&self, row: &Row, snapshot: &Snapshot) -> u64 {
        self.keys(&row.keys)
            .iter()
            .map(|key| snapshot.count(*key))
            .sum()
    }

    pub(super) fn histogram(&self, row: &Row, snapshot: &Snapshot, bounds: usize) -> Histogram {
        let mut buckets = vec![0; bounds + 1];
        let mut nanos = 0_u64;
        for key in self.keys(&row.keys) {
            nanos = nanos.wrapping_add(snapshot.nanos(*key));
            for (sum, bucket) in buckets.iter_mut().zip(snapshot.buckets(*key)) {
                *sum += bucket;
            }
        }
        Histogram {
            seconds: nanos as f64 / 1e9,
            count: buckets.iter().sum(),
            buckets,
        }
    }

    pub(super) fn in_flight(&self, row: &InFlightRow, snapshot: &Snapshot) -> u64 {
        let moved = |keys: &Range<u32>| -> u64 {
            self.keys(keys).iter().map(|key| snapshot.moved(*key)).sum()
        };
        let gone = moved(&row.left) + self.count(&row.row, snapshot);
        moved(&row.came).saturating_sub(gone)
    }

    pub(super) fn labels(&self, row: &Row) -> LabelPairs<'_> {
        LabelPairs {
            names: &self.names,
            labels: row.labels,
        }
    }

    /// The labels as they are written, without the braces.
    pub(super) fn text(&self, row: &Row) -> &str {
        &self.text[row.text.start as usize..row.text.end as usize]
    }

    fn keys(&self, range: &Range<u32>) -> &[u32] {
        &self.keys[range.start as usize..range.end as usize]
    }

    /// A row for each set of labels, with all of its keys.
    fn rows(&mut self, labelled: impl Iterator<Item = (Labels, u32)>) -> Vec<Row> {
        let mut labelled: Vec<(Labels, u32)> = labelled.collect();
        labelled.sort_by(|(a, _), (b, _)| self.order(a, b));
        labelled
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|same| self.row(same[0].0, same.iter().map(|(_, key)| *key)))
            .collect()
    }

    fn in_flight_rows(&mut self, keys: &Keys) -> Vec<InFlightRow> {
        #[derive(Default)]
        struct Seen {
            started: bool,
            came: Vec<u32>,
            left: Vec<u32>,
            ended: Vec<u32>,
        }
        let mut seen: BTreeMap<RouteKey, Seen> = BTreeMap::new();
        for (index, (key, movement)) in (0..).zip(&keys.movements) {
            let seen = seen.entry(*key).or_default();
            seen.started |= *movement == Movement::Started;
            match movement {
                Movement::Started | Movement::Arrived => seen.came.push(index),
                Movement::Left => seen.left.push(index),
            }
        }
        for (index, key) in (0..).zip(&keys.requests) {
            let key = RouteKey {
                route: key.route,
                method: key.method,
            };
            if let Some(seen) = seen.get_mut(&key) {
                seen.ended.push(index);
            }
        }
        // Where nothing ever starts, nothing is in flight.
        seen.retain(|_, seen| seen.started);
        let mut rows: Vec<(Labels, Seen)> = seen
            .into_iter()
            .map(|(key, seen)| (Labels::of_route(key), seen))
            .collect();
        rows.sort_by(|(a, _), (b, _)| self.order(a, b));
        rows.into_iter()
            .map(|(labels, seen)| InFlightRow {
                came: self.push_keys(seen.came),
                left: self.push_keys(seen.left),
                row: self.row(labels, seen.ended),
            })
            .collect()
    }

    fn order(&self, a: &Labels, b: &Labels) -> Ordering {
        let by = |labels: &Labels| {
            (
                self.name(labels.route),
                labels.method.as_str(),
                labels.third,
            )
        };
        by(a).cmp(&by(b))
    }

    fn name(&self, route: RouteId) -> &'static str {
        route_name(&self.names, route)
    }

    fn row(&mut self, labels: Labels, keys: impl IntoIterator<Item = u32>) -> Row {
        let keys = self.push_keys(keys);
        let start = self.text.len() as u32;
        let pairs = LabelPairs {
            names: &self.names,
            labels,
        };
        // A `String` takes everything that is written to it.
        let _ = pairs.write(&mut self.text);
        Row {
            labels,
            text: start..self.text.len() as u32,
            keys,
        }
    }

    fn push_keys(&mut self, keys: impl IntoIterator<Item = u32>) -> Range<u32> {
        let start = self.keys.len() as u32;
        self.keys.extend(keys);
        start..self.keys.len() as u32
    }
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
        visit("route", route_name(self.names, route))?;
        third.map_or(Ok(()), |third: Third| {
            visit(third.name(), &third.to_string())
        })
    }

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
        })
    }
}

fn route_name(names: &[&'static str], route: RouteId) -> &'static str {
    names
        .get(route.number() as usize)
        .copied()
        .unwrap_or_default()
}
