//! The text formats, and our families in them.

use super::{
    Families,
    chunks::Chunks,
    projection::Projection,
    rows::{Histogram, RowRef},
};
use crate::{
    Buckets,
    naming::{Family, Naming},
    store::Snapshot,
};
use std::sync::Arc;

/// The formats that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The classic text format, version 0.0.4.
    Classic,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
}

impl Dialect {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// What stands for a counter in `HELP` and `TYPE`: OpenMetrics names the family there, and the classic
    /// format the sample.
    pub(super) fn counter_suffix(self) -> &'static str {
        match self {
            Self::Classic => "_total",
            Self::OpenMetrics => "",
        }
    }
}

/// Writes the families of a layer, a piece at a time.
pub(super) struct Writer {
    families: Arc<Families>,
    dialect: Dialect,
    snapshot: Snapshot,
    projection: Arc<Projection>,
    starts: Starts,
    /// The family that is written, and how many of its rows are.
    family: usize,
    row: usize,
    histogram: Histogram,
}

impl Writer {
    pub(super) fn new(
        families: Arc<Families>,
        dialect: Dialect,
        snapshot: Snapshot,
        projection: Arc<Projection>,
    ) -> Self {
        Self {
            starts: Starts::new(&families.naming, &families.buckets),
            families,
            dialect,
            snapshot,
            projection,
            family: 0,
            row: 0,
            histogram: Histogram::default(),
        }
    }

    /// Writes until a chunk is full. `false` once everything is written.
    pub(super) fn write_some(&mut self, out: &mut Chunks) -> bool {
        while self.write_row(out) {
            if out.split() {
                return true;
            }
        }
        false
    }

    /// Writes the next row, after its family's head if it is the first. `false` after the last.
    fn write_row(&mut self, out: &mut Chunks) -> bool {
        let Self {
            families,
            projection,
            snapshot,
            starts,
            histogram,
            ..
        } = self;
        let naming = &families.naming;
        let (family, rows) = match self.family {
            0 => (&naming.requests, &projection.requests),
            1 => (&naming.errors, &projection.errors),
            2 => (&naming.cancelled, &projection.cancelled),
            3 => (&naming.duration, &projection.requests),
            4 => (&naming.in_flight, &projection.in_flight),
            _ => return false,
        };
        if self.row == 0 {
            write_head(out, family, self.dialect);
        }
        let Some(row) = rows.get(self.row) else {
            self.family += 1;
            self.row = 0;
            return true;
        };
        self.row += 1;
        match self.family {
            3 => {
                row.fill(histogram, snapshot);
                write_histogram(out, starts, row, histogram);
            }
            4 => {
                if let Some(value) = row.in_flight(snapshot) {
                    write_sample(out, &starts.in_flight, row).push_count(value);
                }
            }
            counter => {
                write_sample(out, &starts.counters[counter], row).push_count(row.count(snapshot));
            }
        }
        true
    }
}

fn write_head(out: &mut Chunks, family: &Family, dialect: Dialect) {
    let Family { name, kind, help } = family;
    let suffix = match *kind {
        "counter" => dialect.counter_suffix(),
        _ => "",
    };
    out.push(&format!(
        "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}\n"
    ));
    if dialect == Dialect::OpenMetrics && name.ends_with("_seconds") {
        out.push(&format!("# UNIT {name} seconds\n"));
    }
}

fn write_sample<'a>(out: &'a mut Chunks, start: &str, row: RowRef<'_>) -> &'a mut Chunks {
    out.push(start);
    out.push(row.text());
    out
}

/// In the order in which the library writes them.
fn write_histogram(out: &mut Chunks, starts: &Starts, row: RowRef<'_>, histogram: &Histogram) {
    write_sample(out, &starts.sum, row).push_number(histogram.seconds);
    write_sample(out, &starts.count, row).push_count(histogram.count);
    let mut cumulated = 0;
    for (start, bucket) in starts.buckets.iter().zip(&histogram.buckets) {
        cumulated += bucket;
        write_sample(out, start, row).push_count(cumulated);
    }
}

/// What stands before the labels of a line.
struct Starts {
    counters: [String; 3],
    sum: String,
    count: String,
    buckets: Vec<String>,
    in_flight: String,
}

impl Starts {
    fn new(naming: &Naming, buckets: &Buckets) -> Self {
        let counters = [&naming.requests, &naming.errors, &naming.cancelled];
        let duration = &naming.duration.name;
        let bounds = buckets
            .bounds()
            .iter()
            .map(|bound| dtoa::Buffer::new().format(*bound).to_owned());
        Self {
            counters: counters.map(|family| format!("{}_total{{", family.name)),
            sum: format!("{duration}_sum{{"),
            count: format!("{duration}_count{{"),
            buckets: bounds
                .chain([String::from("+Inf")])
                .map(|bound| format!("{duration}_bucket{{le=\"{bound}\","))
                .collect(),
            in_flight: format!("{}{{", naming.in_flight.name),
        }
    }
}
