//! The text formats, and our families in them.

use super::{
    Families,
    chunks::Chunks,
    projection::{InFlightRow, Projection, Row},
};
use crate::{naming::Family, store::Snapshot};
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
    /// Per bucket, all that stands before the labels of its line.
    bucket_starts: Vec<String>,
    /// The family that is written, and how many of its rows are.
    family: usize,
    row: usize,
}

impl Writer {
    pub(super) fn new(families: Arc<Families>, dialect: Dialect) -> Self {
        let (snapshot, projection) = families.collect();
        let name = &families.naming.duration.name;
        let bounds = families.buckets.bounds().iter();
        let bucket_starts = bounds
            .map(|bound| dtoa::Buffer::new().format(*bound).to_owned())
            .chain([String::from("+Inf")])
            .map(|bound| format!("{name}_bucket{{le=\"{bound}\","))
            .collect();
        Self {
            families,
            dialect,
            snapshot,
            projection,
            bucket_starts,
            family: 0,
            row: 0,
        }
    }

    /// Writes until a chunk is full. `false` once everything is written.
    pub(super) fn write_some(&mut self, out: &mut Chunks) -> bool {
        loop {
            let naming = &self.families.naming;
            let projection = &*self.projection;
            let more = match self.family {
                0 => self.counter(out, &naming.requests, &projection.requests),
                1 => self.counter(out, &naming.errors, &projection.errors),
                2 => self.counter(out, &naming.cancelled, &projection.cancelled),
                3 => self.histogram(out, &naming.duration, &projection.requests),
                4 => self.gauge(out, &naming.in_flight, &projection.in_flight),
                _ => return false,
            };
            if more {
                self.row += 1;
            } else {
                self.family += 1;
                self.row = 0;
            }
            if out.split() {
                return true;
            }
        }
    }

    /// Writes the next row of a counter, after the family's head if it is the first. `false` after the last.
    fn counter(&self, out: &mut Chunks, family: &Family, rows: &[Row]) -> bool {
        let suffix = self.dialect.counter_suffix();
        self.head(out, family, suffix, None);
        let Some(row) = rows.get(self.row) else {
            return false;
        };
        let count = self.projection.count(row, &self.snapshot);
        self.sample(out, &family.name, "_total", row)
            .push_count(count);
        out.push("\n");
        true
    }

    fn gauge(&self, out: &mut Chunks, family: &Family, rows: &[InFlightRow]) -> bool {
        self.head(out, family, "", None);
        let Some(row) = rows.get(self.row) else {
            return false;
        };
        let value = self.projection.in_flight(row, &self.snapshot);
        self.sample(out, &family.name, "", &row.row)
            .push_count(value);
        out.push("\n");
        true
    }

    fn histogram(&self, out: &mut Chunks, family: &Family, rows: &[Row]) -> bool {
        self.head(out, family, "", Some("seconds"));
        let Some(row) = rows.get(self.row) else {
            return false;
        };
        let bounds = self.bucket_starts.len() - 1;
        let histogram = self.projection.histogram(row, &self.snapshot, bounds);
        // In the order in which the library writes them.
        self.sample(out, &family.name, "_sum", row)
            .push_number(histogram.seconds);
        out.push("\n");
        self.sample(out, &family.name, "_count", row)
            .push_count(histogram.count);
        out.push("\n");
        let labels = self.projection.text(row);
        let mut cumulated = 0;
        for (start, bucket) in self.bucket_starts.iter().zip(histogram.buckets) {
            cumulated += bucket;
            out.push(start);
            out.push(labels);
            out.push("} ");
            out.push_count(cumulated);
            out.push("\n");
        }
        true
    }

    /// Writes a family's head before its first row.
    fn head(&self, out: &mut Chunks, family: &Family, suffix: &str, unit: Option<&str>) {
        if self.row > 0 {
            return;
        }
        let Family { name, kind, help } = family;
        out.push(&format!(
            "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}\n"
        ));
        if let (Dialect::OpenMetrics, Some(unit)) = (self.dialect, unit) {
            out.push(&format!("# UNIT {name} {unit}\n"));
        }
    }

    /// Writes a line up to its value.
    fn sample<'a>(
        &self,
        out: &'a mut Chunks,
        name: &str,
        suffix: &str,
        row: &Row,
    ) -> &'a mut Chunks {
        out.push(name);
        out.push(suffix);
        out.push("{");
        out.push(self.projection.text(row));
        out.push("} ");
        out
    }
}
