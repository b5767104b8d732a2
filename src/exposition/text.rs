//! The text formats, and our families in them.

use super::{Families, chunk::Sink, gauges::Gauges, projection::Projection, rows::Histogram};
use crate::{
    Buckets,
    naming::{Family, Naming},
    store::Snapshot,
};
use std::sync::Arc;

/// The end of OpenMetrics text.
pub(super) const END: &str = "# EOF\n";

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

/// Writes the families of a layer, a row at a time. It can begin again, and then writes the same.
pub(super) struct Writer {
    families: Arc<Families>,
    dialect: Dialect,
    values: Values,
    starts: Starts,
    /// The family that is written, and how many of its rows are.
    family: usize,
    row: usize,
    histogram: Histogram,
}

/// What is to be written, as it was at the time of the scrape.
pub(super) struct Values {
    pub(super) snapshot: Snapshot,
    pub(super) projection: Arc<Projection>,
    pub(super) gauges: Gauges,
}

impl Writer {
    pub(super) fn new(families: Arc<Families>, dialect: Dialect, values: Values) -> Self {
        Self {
            starts: Starts::new(&families.naming, &families.buckets),
            families,
            dialect,
            values,
            family: 0,
            row: 0,
            histogram: Histogram::default(),
        }
    }

    pub(super) fn begin_again(&mut self) {
        (self.family, self.row) = (0, 0);
    }

    /// Writes the next row, after its family's head if it is the first. `false` once all is written.
    pub(super) fn write_row(&mut self, out: &mut impl Sink) -> bool {
        let Self {
            families,
            values,
            starts,
            histogram,
            ..
        } = self;
        let (naming, projection) = (&families.naming, &values.projection);
        let (family, rows) = match self.family {
            0 => (&naming.requests, &projection.requests),
            1 => (&naming.errors, &projection.errors),
            2 => (&naming.cancelled, &projection.cancelled),
            3 => (&naming.duration, &projection.requests),
            4 => (&naming.in_flight, &projection.in_flight),
            _ => {
                if self.dialect == Dialect::OpenMetrics {
                    out.push(END);
                }
                return false;
            }
        };
        if self.row == 0 {
            write_head(out, family, self.dialect);
        }
        let Some(row) = rows.get(self.row) else {
            self.family += 1;
            self.row = 0;
            return true;
        };
        match self.family {
            3 => {
                row.fill(histogram, &values.snapshot);
                write_histogram(out, starts, row.text(), histogram);
            }
            4 => {
                if let Some(value) = values.gauges.get(self.row) {
                    out.push_start(&starts.in_flight, row.text());
                    out.push_count(value);
                }
            }
            counter => {
                out.push_start(&starts.counters[counter], row.text());
                out.push_count(row.count(&values.snapshot));
            }
        }
        self.row += 1;
        true
    }
}

fn write_head(out: &mut impl Sink, family: &Family, dialect: Dialect) {
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

/// In the order in which the library writes them.
fn write_histogram(out: &mut impl Sink, starts: &Starts, labels: &str, histogram: &Histogram) {
    out.push_start(&starts.sum, labels);
    out.push_number(histogram.seconds);
    out.push_start(&starts.count, labels);
    out.push_count(histogram.count);
    let mut cumulated = 0;
    for (start, bucket) in starts.buckets.iter().zip(&histogram.buckets) {
        cumulated += bucket;
        out.push_start(start, labels);
        out.push_count(cumulated);
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
