//! The formats, and our families in those that are text.

use super::{Families, chunk::Sink, gauges::Gauges, projection::Projection, rows::Histogram};
use crate::{
    Buckets,
    naming::{Family, Value},
    store::{Exemplar, Snapshot},
};
use std::sync::Arc;

/// The formats that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The classic text format, version 0.0.4.
    Classic,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
    /// Messages of `io.prometheus.client`, each with its length before it.
    #[cfg(feature = "protobuf")]
    Protobuf,
}

impl Dialect {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            #[cfg(feature = "protobuf")]
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// Whether a family's length is written before it, and so has to be known before the rest is.
    pub(super) fn has_lengths(self) -> bool {
        !matches!(self, Self::Classic | Self::OpenMetrics)
    }

    /// What the text ends with.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::OpenMetrics => "# EOF\n",
            _ => "",
        }
    }

    /// What stands for a counter in `HELP` and `TYPE`: OpenMetrics names the family there, and the others the
    /// sample.
    pub(super) fn counter_suffix(self) -> &'static str {
        match self {
            Self::OpenMetrics => "",
            _ => "_total",
        }
    }
}

/// Writes the families of a layer, a row at a time. It can begin again, and then writes the same.
pub(super) struct Writer {
    families: Arc<Families>,
    dialect: Dialect,
    values: Values,
    /// By family.
    starts: Vec<Starts>,
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
        let starts = |family| Starts::new(family, &families.buckets, &families.constant);
        Self {
            starts: families.convention.families.iter().map(starts).collect(),
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
        let Some(family) = self.families.convention.families.get(self.family) else {
            return false;
        };
        if self.row == 0 {
            write_head(out, family, self.dialect);
        }
        if self.write_sample(out, family.value, family.group) {
            self.row += 1;
        } else {
            self.family += 1;
            self.row = 0;
        }
        true
    }

    /// Writes the samples of the next row. `false` if there is none.
    fn write_sample(&mut self, out: &mut impl Sink, value: Value, group: usize) -> bool {
        let Self {
            values,
            starts,
            histogram,
            ..
        } = self;
        let starts = &starts[self.family];
        if value.is_single() {
            if self.row == 0 {
                out.push(&starts.bare);
                out.push_count(values.single(value, group));
            }
            return self.row == 0;
        }
        let rows = values.projection.groups.get(group);
        let Some(row) = rows.and_then(|rows| rows.get(self.row)) else {
            return false;
        };
        match value {
            Value::Duration => {
                row.fill(
                    histogram,
                    &values.snapshot,
                    self.families.buckets.bounds().len() + 1,
                    self.families.native.as_ref(),
                );
                write_histogram(out, starts, row.text(), histogram, self.dialect);
            }
            Value::InFlight => {
                if let Some(value) = values.gauges.get(self.row) {
                    out.push_start(&starts.labelled, row.text());
                    out.push_count(value);
                }
            }
            _ => {
                out.push_start(&starts.labelled, row.text());
                out.push_count(row.count(&values.snapshot));
            }
        }
        true
    }
}

impl Values {
    /// The value of a family that has one.
    pub(super) fn single(&self, value: Value, group: usize) -> u64 {
        if value == Value::LabelSets {
            return self.projection.request_keys as u64;
        }
        let rows = self.projection.groups.get(group);
        let row = rows.and_then(|rows| rows.get(0));
        row.map_or(0, |row| row.count(&self.snapshot))
    }
}

fn write_head(out: &mut impl Sink, family: &Family, dialect: Dialect) {
    let Family { name, help, .. } = family;
    let kind = family.value.kind();
    let suffix = match kind {
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
fn write_histogram(
    out: &mut impl Sink,
    starts: &Starts,
    labels: &str,
    histogram: &Histogram,
    dialect: Dialect,
) {
    out.push_start(&starts.sum, labels);
    out.push_number(histogram.seconds);
    out.push_start(&starts.count, labels);
    out.push_count(histogram.count);
    let mut cumulated = 0;
    let mut exemplars = histogram.exemplars.iter();
    for (start, bucket) in starts.buckets.iter().zip(&histogram.buckets) {
        cumulated += bucket;
        out.push_start(start, labels);
        match exemplars.next() {
            // The classic format has none.
            Some(Some(exemplar)) if dialect == Dialect::OpenMetrics => {
                out.push(itoa::Buffer::new().format(cumulated));
                out.push(&exemplar_text(exemplar));
            }
            _ => out.push_count(cumulated),
        }
    }
}

/// An exemplar, from the mark before it to the end of the line.
fn exemplar_text(exemplar: &Exemplar) -> String {
    let Exemplar { id, amount, millis } = exemplar;
    let mut number = dtoa::Buffer::new();
    let seconds = number.format(*amount as f64 / 1e9);
    let (second, rest) = (millis / 1_000, millis % 1_000);
    format!(" # {{trace_id=\"{id:032x}\"}} {seconds} {second}.{rest:03}\n")
}

/// What stands before the labels of a family's lines.
struct Starts {
    /// Where there are no labels.
    bare: String,
    labelled: String,
    sum: String,
    count: String,
    buckets: Vec<String>,
}

impl Starts {
    fn new(family: &Family, buckets: &Buckets, constant: &str) -> Self {
        let Family { name, value, .. } = family;
        let suffix = match value.kind() {
            "counter" => "_total",
            _ => "",
        };
        let bounds = buckets
            .bounds()
            .iter()
            .map(|bound| dtoa::Buffer::new().format(*bound).to_owned())
            .chain([String::from("+Inf")]);
        Self {
            bare: match constant.strip_suffix(',') {
                Some(constant) => format!("{name}{suffix}{{{constant}}} "),
                None => format!("{name}{suffix} "),
            },
            labelled: format!("{name}{suffix}{{{constant}"),
            sum: format!("{name}_sum{{{constant}"),
            count: format!("{name}_count{{{constant}"),
            buckets: match value {
                Value::Duration => bounds
                    .map(|bound| format!("{name}_bucket{{le=\"{bound}\",{constant}"))
                    .collect(),
                _ => Vec::new(),
            },
        }
    }
}
