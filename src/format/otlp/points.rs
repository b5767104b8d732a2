//! Data points, each the value of one series.

use super::attributes::{push_labels, push_text};
use crate::{
    format::wire::{
        Message, push_bytes, push_double, push_fixed, push_message, push_packed, push_sint,
        push_varint,
    },
    histogram::SparseBuckets,
    model::{DottedNames, Exemplar, Histogram, Number, Summary, Timestamp, label_pairs},
};

/// What all kinds of points have.
pub(super) struct Point<'a> {
    pub(super) labels: &'a str,
    pub(super) names: Option<&'a DottedNames>,
    /// When its counting began, in milliseconds since 1970.
    pub(super) created: Option<u64>,
    /// When it was read, in nanoseconds since 1970.
    pub(super) time: u64,
}

impl Point<'_> {
    fn push_times(&self, out: &mut Message) {
        // What is not known is left out.
        if let Some(created) = self.created {
            push_fixed(out, 2, created.saturating_mul(1_000_000));
        }
        push_fixed(out, 3, self.time);
    }

    /// `NumberDataPoint`.
    pub(super) fn push_number(
        &self,
        out: &mut Message,
        value: Number,
        exemplar: Option<&Exemplar>,
    ) {
        self.push_times(out);
        match as_int(value) {
            Some(value) => push_fixed(out, 6, value as u64),
            None => push_double(out, 4, value.to_f64()),
        }
        self.push_exemplar(out, 5, exemplar);
        push_labels(out, 7, self.labels, self.names);
    }

    /// `HistogramDataPoint`.
    pub(super) fn push_histogram(&self, out: &mut Message, histogram: &Histogram) {
        self.push_times(out);
        push_fixed(out, 4, histogram.count);
        push_double(out, 5, histogram.sum);
        push_packed(out, 6, histogram.buckets.iter().map(|it| it.to_le_bytes()));
        push_packed(out, 7, histogram.bounds.iter().map(|it| it.to_le_bytes()));
        for exemplar in &histogram.exemplars {
            self.push_exemplar(out, 8, exemplar.as_ref());
        }
        push_labels(out, 9, self.labels, self.names);
    }

    /// `ExponentialHistogramDataPoint`.
    pub(super) fn push_exponential(
        &self,
        out: &mut Message,
        histogram: &Histogram,
        native: &SparseBuckets,
    ) {
        push_labels(out, 1, self.labels, self.names);
        self.push_times(out);
        push_fixed(out, 4, histogram.count);
        push_double(out, 5, histogram.sum);
        push_sint(out, 6, i64::from(native.schema));
        push_fixed(out, 7, native.zero_count);
        push_message(out, 8, |buckets| push_buckets(buckets, native));
        for exemplar in &histogram.exemplars {
            self.push_exemplar(out, 11, exemplar.as_ref());
        }
        push_double(out, 14, native.zero_threshold);
    }

    /// `SummaryDataPoint`.
    pub(super) fn push_summary(&self, out: &mut Message, summary: &Summary) {
        self.push_times(out);
        push_fixed(out, 4, summary.count);
        push_double(out, 5, summary.sum);
        for (quantile, value) in &summary.quantiles {
            push_message(out, 6, |out| {
                push_double(out, 1, *quantile);
                push_double(out, 2, *value);
            });
        }
        push_labels(out, 7, self.labels, self.names);
    }

    /// `Exemplar`, with its trace and span where they are to be.
    fn push_exemplar(&self, out: &mut Message, field: u32, exemplar: Option<&Exemplar>) {
        let Some(exemplar) = exemplar else { return };
        push_message(out, field, |out| {
            let time = exemplar.timestamp.and_then(nanos).unwrap_or(self.time);
            push_fixed(out, 2, time);
            push_double(out, 3, exemplar.value);
            for (name, value) in label_pairs(&exemplar.labels) {
                match name {
                    "trace_id" if push_id::<16>(out, 5, &value) => {}
                    "span_id" if push_id::<8>(out, 4, &value) => {}
                    _ => push_text(out, 7, name, &value),
                }
            }
        });
    }
}

/// A whole number, as far as there is a type for it.
fn as_int(value: Number) -> Option<i64> {
    match value {
        Number::Unsigned(value) => i64::try_from(value).ok(),
        Number::Signed(value) => Some(value),
        Number::Float(_) => None,
    }
}

fn nanos(timestamp: Timestamp) -> Option<u64> {
    match timestamp {
        Timestamp::Millis(millis) => millis.checked_mul(1_000_000),
        // To the microsecond: a double knows no more of it.
        Timestamp::Seconds(seconds) => {
            let micros = (seconds * 1e6).round();
            (0.0..1e16).contains(&micros).then(|| micros as u64 * 1_000)
        }
    }
}

/// An identifier of so many bytes, if the text is one in hexadecimal digits.
fn push_id<const BYTES: usize>(out: &mut Message, field: u32, text: &str) -> bool {
    let is_hex = text.len() == 2 * BYTES && text.bytes().all(|it| it.is_ascii_hexdigit());
    if !is_hex {
        return false;
    }
    let id = u128::from_str_radix(text, 16).unwrap_or_default();
    push_bytes(out, field, &id.to_be_bytes()[16 - BYTES..]);
    true
}

/// `Buckets`: all from the first one that has counts to the last, whereas native histograms leave out those without.
fn push_buckets(out: &mut Message, native: &SparseBuckets) {
    // Bucket 0 is above 1 here, and up to 1 in a native histogram.
    let first = native.spans.first().map_or(1, |(offset, _)| *offset);
    push_sint(out, 1, i64::from(first) - 1);
    push_message(out, 2, |counts| {
        let mut deltas = native.deltas.iter();
        let mut count = 0_i64;
        for (index, (offset, length)) in native.spans.iter().enumerate() {
            if index > 0 {
                for _ in 0..*offset {
                    push_varint(counts, 0);
                }
            }
            for delta in deltas.by_ref().take(*length as usize) {
                count = count.wrapping_add(*delta);
                push_varint(counts, count as u64);
            }
        }
    });
}
