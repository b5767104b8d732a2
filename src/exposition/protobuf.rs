//! Our families in protobuf.

use super::{
    Families,
    chunk::{Length, Sink},
    rows::{Histogram, Known, LabelPairs, RowRef},
    text::{Dialect, Values},
    wire::{self, Kind, Message, Timestamp},
};
use crate::{
    histogram::NativeBuckets,
    naming::{Family, Value},
    store::Exemplar,
};
use std::sync::Arc;

/// Writes the families of a layer, a row at a time, after it has measured them.
///
/// A family is one message with its length before it, and so is each series in it. Only the series are ever
/// in memory, one at a time.
pub(super) struct Writer {
    families: Arc<Families>,
    values: Values,
    /// The labels that all series have.
    constant: Message,
    /// By family.
    parts: Vec<Part>,
    /// The family that is written, and how many of its rows are.
    family: usize,
    row: usize,
    /// The row that is written.
    message: Message,
    histogram: Histogram,
}

/// What is known of a family.
struct Part {
    kind: Kind,
    /// What comes before its rows.
    head: Message,
    /// How long its rows are, as far as they are measured. None of nothing is written.
    rows_length: u64,
}

impl Part {
    fn new(family: &Family) -> Self {
        let Family {
            name, help, value, ..
        } = family;
        let kind = Kind::of(value.kind());
        let suffix = match kind {
            Kind::Counter => Dialect::Protobuf.counter_suffix(),
            _ => "",
        };
        let unit = name.ends_with("_seconds").then_some("seconds");
        let mut head = Message::new();
        wire::push_family(&mut head, &format!("{name}{suffix}"), help, kind, unit);
        Self {
            kind,
            head,
            rows_length: 0,
        }
    }

    /// How long its message is.
    fn length(&self) -> u64 {
        self.head.len() as u64 + self.rows_length
    }
}

impl Writer {
    pub(super) fn new(families: Arc<Families>, values: Values) -> Self {
        let mut constant = Message::new();
        for (name, value) in &families.constant_labels {
            wire::push_label(&mut constant, name, value);
        }
        Self {
            parts: families.convention.families.iter().map(Part::new).collect(),
            constant,
            families,
            values,
            family: 0,
            row: 0,
            message: Message::new(),
            histogram: Histogram::default(),
        }
    }

    pub(super) fn begin_again(&mut self) {
        (self.family, self.row) = (0, 0);
    }

    /// Measures the next row, or after the last one of a family what comes before them. `false` once all is
    /// measured, and then it can be written.
    pub(super) fn measure_row(&mut self, length: &mut Length) -> bool {
        let more = self.next_row();
        let Some(part) = self.parts.get_mut(self.family) else {
            return false;
        };
        if more {
            part.rows_length += self.message.len() as u64;
            length.push_bytes(&self.message);
        } else {
            if part.rows_length > 0 {
                length.0 += wire::varint_length(part.length()) as u64 + part.head.len() as u64;
            }
            self.next_family();
        }
        true
    }

    /// Writes the next row, after its family's head if it is the first. `false` once all is written.
    pub(super) fn write_row(&mut self, out: &mut impl Sink) -> bool {
        let more = self.next_row();
        let Some(part) = self.parts.get(self.family) else {
            return false;
        };
        if !more {
            self.next_family();
            return true;
        }
        // Rows in flight may have no value, the first too.
        if self.row == 1 && part.rows_length > 0 {
            let mut length = Message::new();
            wire::push_varint(&mut length, part.length());
            out.push_bytes(&length);
            out.push_bytes(&part.head);
        }
        out.push_bytes(&self.message);
        true
    }

    fn next_family(&mut self) {
        self.family += 1;
        self.row = 0;
    }

    /// Makes the next row of the family the message. `false` if there is none.
    fn next_row(&mut self) -> bool {
        let Self {
            families,
            values,
            constant,
            histogram,
            message,
            ..
        } = self;
        message.clear();
        let Some(family) = families.convention.families.get(self.family) else {
            return false;
        };
        let kind = self.parts[self.family].kind;
        let at = self.row;
        self.row += 1;
        let push_constant = |out: &mut Message| out.extend_from_slice(constant);
        if family.value.is_single() {
            if at == 0 {
                let value = values.single(family.value, family.group) as f64;
                wire::push_metric(message, kind, push_constant, |out| {
                    wire::push_value(out, value);
                });
            }
            return at == 0;
        }
        let rows = values.projection.groups.get(family.group);
        let Some(row) = rows.and_then(|rows| rows.get(at)) else {
            return false;
        };
        let known = Known::new(families.routes());
        let push_labels = |out: &mut Message| {
            push_constant(out);
            push_labels(out, families, family, row, &known);
        };
        match family.value {
            Value::Duration => {
                row.fill(
                    histogram,
                    &values.snapshot,
                    families.buckets.bounds().len() + 1,
                    families.native.as_ref(),
                );
                wire::push_metric(message, kind, push_labels, |out| {
                    push_histogram(out, histogram, families);
                });
            }
            Value::InFlight => {
                if let Some(value) = values.gauges.get(at) {
                    wire::push_metric(message, kind, push_labels, |out| {
                        wire::push_value(out, value as f64);
                    });
                }
            }
            _ => {
                let value = row.count(&values.snapshot) as f64;
                wire::push_metric(message, kind, push_labels, |out| {
                    wire::push_value(out, value);
                });
            }
        }
        true
    }
}

fn push_labels(
    out: &mut Message,
    families: &Families,
    family: &Family,
    row: RowRef<'_>,
    known: &Known<'_>,
) {
    let groups = &families.convention.groups;
    let pairs = LabelPairs {
        known,
        columns: groups.get(family.group).map_or(&[], |group| &group.columns),
        labels: row.labels(),
    };
    // A message takes everything that is written to it.
    let _ = pairs.each(|name, value| {
        wire::push_label(out, name, value);
        Ok(())
    });
}

fn push_histogram(out: &mut Message, histogram: &Histogram, families: &Families) {
    wire::push_sums(out, histogram.count, histogram.seconds);
    let bounds = families.buckets.bounds().iter().copied();
    let mut cumulated = 0;
    let mut exemplars = histogram.exemplars.iter();
    for (bound, bucket) in bounds.chain([f64::INFINITY]).zip(&histogram.buckets) {
        cumulated += bucket;
        wire::push_bucket(out, cumulated, bound, |out| {
            if let Some(Some(exemplar)) = exemplars.next() {
                push_exemplar(out, exemplar);
            }
        });
    }
    if let Some(native) = &families.native {
        push_native(out, native, &histogram.native_buckets);
    }
}

fn push_exemplar(out: &mut Message, exemplar: &Exemplar) {
    let Exemplar { id, amount, millis } = exemplar;
    let timestamp = Timestamp {
        seconds: (millis / 1_000) as i64,
        nanos: (millis % 1_000) as u32 * 1_000_000,
    };
    wire::push_exemplar(
        out,
        3,
        |out| wire::push_label(out, "trace_id", &format!("{id:032x}")),
        *amount as f64 / 1e9,
        Some(timestamp),
    );
}

fn push_native(out: &mut Message, native: &NativeBuckets, counts: &[u64]) {
    let sparse = native.sparse(counts);
    wire::push_sint(out, 5, i64::from(native.schema));
    wire::push_double(out, 6, native.zero_threshold());
    wire::push_uint(out, 7, sparse.zero);
    // By a span it is told from a classic histogram, even if that is of no bucket.
    let spans = match &*sparse.spans {
        [] => &[(0, 0)],
        spans => spans,
    };
    for (offset, length) in spans {
        wire::push_message(out, 12, |span| {
            wire::push_sint(span, 1, i64::from(*offset));
            wire::push_uint(span, 2, u64::from(*length));
        });
    }
    for delta in sparse.deltas {
        wire::push_sint(out, 13, delta);
    }
}
