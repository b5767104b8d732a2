//! Messages of `io.prometheus.client`, by the numbers of its `metrics.proto`.

use super::{
    wire::{Message, push_double, push_message, push_sint, push_str, push_uint, push_varint},
    writer::{Format, Writer},
};
use crate::{
    histogram::SparseBuckets,
    model::{Exemplar, Family, Histogram, Kind, Sample, Summary, Timestamp, label_pairs},
};

/// Families of metrics, each with its length before it.
pub(super) const PROTOBUF: Format = Format {
    media_type: ("application", "vnd.google.protobuf"),
    parameters: &[
        ("proto", "io.prometheus.client.MetricFamily"),
        // There are `text` and `compact-text` too, which are for debugging.
        ("encoding", "delimited"),
    ],
    content_type: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    rank: 3,
    is_text: false,
    writer: || {
        Box::new(ProtobufWriter {
            kind: Kind::Unknown,
        })
    },
    push_length: Some(push_varint),
};

struct ProtobufWriter {
    /// Of the family that was begun.
    kind: Kind,
}

impl Writer for ProtobufWriter {
    fn begin_family(&mut self, family: &Family, out: &mut Message) {
        self.kind = family.kind;
        let (suffix, kind) = match family.kind {
            Kind::Counter => ("_total", 0),
            Kind::BareCounter => ("", 0),
            Kind::Gauge => ("", 1),
            Kind::Info => ("_info", 1),
            Kind::Summary => ("", 2),
            Kind::Unknown => ("", 3),
            Kind::Histogram => ("", 4),
        };
        push_str(out, 1, &format!("{}{suffix}", family.name));
        push_str(out, 2, &family.help);
        push_uint(out, 3, kind);
        match &family.unit {
            // Prometheus rejects a unit that the name does not end with.
            Some(unit) if family.kind != Kind::Info => push_str(out, 5, unit),
            _ => {}
        }
    }

    fn write_series(&mut self, labels: &str, sample: &Sample, out: &mut Message) {
        let value = match self.kind {
            Kind::Gauge | Kind::Info => 2,
            Kind::Counter | Kind::BareCounter => 3,
            Kind::Summary => 4,
            Kind::Unknown => 5,
            Kind::Histogram => 7,
        };
        let (time, sample) = match sample {
            Sample::At(time, sample) => (Some(*time), &**sample),
            sample => (None, sample),
        };
        push_message(out, 4, |metric| {
            push_labels(metric, labels);
            push_message(metric, value, |out| match sample {
                Sample::Number {
                    value,
                    created,
                    exemplar,
                } => {
                    push_double(out, 1, value.to_f64());
                    if self.kind == Kind::Counter {
                        push_exemplar(out, 2, exemplar.as_deref());
                        push_timestamp(out, 3, created.map(Timestamp::Millis));
                    }
                }
                Sample::Histogram(histogram) => push_histogram(out, histogram),
                Sample::Summary(summary) => push_summary(out, summary),
                // No sample is of two times.
                Sample::At(..) => {}
            });
            if let Some(millis) = time {
                // Of type `int64`, as below.
                push_uint(metric, 6, millis as u64);
            }
        });
    }

    fn end(&mut self, _: &mut Message) {}
}

fn push_labels(out: &mut Message, labels: &str) {
    for (name, value) in label_pairs(labels) {
        push_message(out, 1, |pair| {
            push_str(pair, 1, name);
            push_str(pair, 2, &value);
        });
    }
}

fn push_histogram(out: &mut Message, histogram: &Histogram) {
    push_uint(out, 1, histogram.count);
    push_double(out, 2, histogram.sum);
    for (bound, cumulated, exemplar) in histogram.cumulated() {
        push_message(out, 3, |bucket| {
            push_uint(bucket, 1, cumulated);
            push_double(bucket, 2, bound);
            push_exemplar(bucket, 3, exemplar);
        });
    }
    if let Some(native) = &histogram.native {
        push_native(out, native);
    }
    push_timestamp(out, 15, histogram.created.map(Timestamp::Millis));
}

fn push_summary(out: &mut Message, summary: &Summary) {
    push_uint(out, 1, summary.count);
    push_double(out, 2, summary.sum);
    for (quantile, value) in &summary.quantiles {
        push_message(out, 3, |out| {
            push_double(out, 1, *quantile);
            push_double(out, 2, *value);
        });
    }
}

fn push_native(out: &mut Message, native: &SparseBuckets) {
    push_sint(out, 5, i64::from(native.schema));
    push_double(out, 6, native.zero_threshold);
    push_uint(out, 7, native.zero_count);
    // By a span it is told from a classic histogram, even if that is of no bucket.
    let spans = match &*native.spans {
        [] => &[(0, 0)],
        spans => spans,
    };
    for (offset, length) in spans {
        push_message(out, 12, |span| {
            push_sint(span, 1, i64::from(*offset));
            push_uint(span, 2, u64::from(*length));
        });
    }
    for delta in &native.deltas {
        push_sint(out, 13, *delta);
    }
}

fn push_exemplar(out: &mut Message, field: u32, exemplar: Option<&Exemplar>) {
    let Some(exemplar) = exemplar else { return };
    push_message(out, field, |out| {
        push_labels(out, &exemplar.labels);
        push_double(out, 2, exemplar.value);
        push_timestamp(out, 3, exemplar.timestamp);
    });
}

/// Nothing if there is none, or if it is none that a clock could show.
fn push_timestamp(out: &mut Message, field: u32, timestamp: Option<Timestamp>) {
    if let Some((seconds, nanos)) = timestamp.and_then(seconds_and_nanos) {
        push_message(out, field, |out| {
            // Of type `int64`: a negative one is as long as can be.
            push_uint(out, 1, seconds as u64);
            push_uint(out, 2, u64::from(nanos));
        });
    }
}

fn seconds_and_nanos(timestamp: Timestamp) -> Option<(i64, u32)> {
    let micros = match timestamp {
        Timestamp::Millis(millis) => i64::try_from(millis).ok()?.checked_mul(1_000)?,
        // To the microsecond: the library writes them as a double, which knows no more of them.
        Timestamp::Seconds(seconds) => {
            let micros = (seconds * 1e6).round();
            if micros.is_nan() || micros.abs() > 1e18 {
                return None;
            }
            micros as i64
        }
    };
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1_000;
    Some((micros.div_euclid(1_000_000), nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Number;

    #[test]
    fn counters_and_histograms_say_when_their_counting_began() {
        let written = |kind, sample: &Sample| {
            let mut out = Message::new();
            ProtobufWriter { kind }.write_series("", sample, &mut out);
            out
        };
        let counter = |created| Sample::Number {
            value: Number::Unsigned(0),
            created,
            exemplar: None,
        };
        let histogram = |created| {
            Sample::Histogram(Box::new(Histogram {
                created,
                ..Histogram::default()
            }))
        };
        // A second and a half.
        let time = [8, 1, 0x10, 0x80, 0xca, 0xb5, 0xee, 1];
        for (kind, sample, field) in [
            (Kind::Counter, counter(Some(1_500)), 3),
            (Kind::Histogram, histogram(Some(1_500)), 15),
        ] {
            let message = [&[field << 3 | 2, time.len() as u8], &time[..]].concat();
            assert!(written(kind, &sample).ends_with(&message), "{kind:?}");
        }
        let gauge = written(Kind::Gauge, &counter(Some(1_500)));
        assert_eq!(gauge, written(Kind::Gauge, &counter(None)));
        assert!(!written(Kind::Counter, &counter(None)).ends_with(&time));
        assert!(!written(Kind::Histogram, &histogram(None)).ends_with(&time));
    }

    #[test]
    fn a_time_keeps_its_milliseconds() {
        // Prometheus cuts off what is below them.
        let some = |start| start..start + 2_000_u64;
        for millis in some(0)
            .chain(some(1_080_000_000_000))
            .chain(some(1_800_000_000_000))
        {
            let expected = ((millis / 1_000) as i64, (millis % 1_000) as u32 * 1_000_000);
            let seconds = Timestamp::Seconds(millis as f64 / 1e3);
            for timestamp in [seconds, Timestamp::Millis(millis)] {
                assert_eq!(
                    seconds_and_nanos(timestamp),
                    Some(expected),
                    "{timestamp:?}"
                );
            }
        }
        let before = seconds_and_nanos(Timestamp::Seconds(-1.25));
        assert_eq!(before, Some((-2, 750_000_000)));
        for none in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(seconds_and_nanos(Timestamp::Seconds(none)), None);
        }
        assert_eq!(seconds_and_nanos(Timestamp::Millis(u64::MAX)), None);
    }
}
