//! The text of a registry, put into protobuf.
//!
//! The library has a protobuf writer of its own, for another format than the one that Prometheus reads.

use super::{
    library::{Family, Sample, labels_end},
    text::Dialect,
    wire::{self, Kind, Message, Timestamp},
};
use std::borrow::Cow;

/// A registry in protobuf, as far as its text was read.
#[derive(Default)]
pub(super) struct Transcription {
    /// The families before this one.
    out: Message,
    /// What comes before the family's metrics, and them.
    head: Message,
    metrics: Message,
    kind: Option<Kind>,
    histogram: Option<Histogram>,
}

/// A histogram whose samples are being read. The library writes them together: the sum, the count, then the
/// buckets.
struct Histogram {
    labels: Message,
    sum: f64,
    count: Option<u64>,
    buckets: Message,
}

impl Transcription {
    pub(super) fn begin(&mut self, family: Family<'_>, help: &str, unit: Option<&str>) {
        let (suffix, kind) = family.shown(Dialect::Protobuf);
        let kind = Kind::of(kind);
        // Prometheus rejects a unit that the name does not end with.
        let unit = unit.filter(|_| family.kind != "info");
        let name = format!("{}{suffix}", family.name);
        wire::push_family(&mut self.head, &name, help, kind, unit);
        self.kind = Some(kind);
    }

    /// `None` if the sample is malformed, or not where it should be.
    pub(super) fn add(&mut self, sample: &Sample<'_>) -> Option<()> {
        match self.kind? {
            Kind::Histogram => self.add_to_histogram(sample),
            kind => {
                let Sample {
                    labels,
                    value,
                    exemplar,
                    ..
                } = sample;
                let (labels, value) = (encode_labels(labels)?, value.parse().ok()?);
                let exemplar = Exemplar::parse(exemplar)?;
                let push_labels = |out: &mut Message| out.extend(labels);
                wire::push_metric(&mut self.metrics, kind, push_labels, |out| {
                    wire::push_value(out, value);
                    // No other of these has one, here or in OpenMetrics.
                    if let (Some(exemplar), Kind::Counter) = (exemplar, kind) {
                        exemplar.push(out, 2);
                    }
                });
                Some(())
            }
        }
    }

    fn add_to_histogram(&mut self, sample: &Sample<'_>) -> Option<()> {
        match sample.suffix {
            "_sum" => {
                self.end_histogram()?;
                self.histogram = Some(Histogram {
                    labels: encode_labels(sample.labels)?,
                    sum: sample.value.parse().ok()?,
                    count: None,
                    buckets: Message::new(),
                });
            }
            "_count" => self.histogram.as_mut()?.count = Some(sample.value.parse().ok()?),
            _ => {
                let cumulated = sample.value.parse().ok()?;
                let (_, bound) = labels(sample.labels)?
                    .into_iter()
                    .find(|(name, _)| *name == "le")?;
                let bound = bound.parse().ok()?;
                let exemplar = Exemplar::parse(sample.exemplar)?;
                let buckets = &mut self.histogram.as_mut()?.buckets;
                wire::push_bucket(buckets, cumulated, bound, |out| {
                    if let Some(exemplar) = exemplar {
                        exemplar.push(out, 3);
                    }
                });
            }
        }
        Some(())
    }

    /// `None` if it has no count.
    fn end_histogram(&mut self) -> Option<()> {
        let Some(histogram) = self.histogram.take() else {
            return Some(());
        };
        let Histogram {
            labels,
            sum,
            count,
            buckets,
        } = histogram;
        let count = count?;
        let push_labels = |out: &mut Message| out.extend(labels);
        wire::push_metric(&mut self.metrics, Kind::Histogram, push_labels, |out| {
            wire::push_sums(out, count, sum);
            out.extend(buckets);
        });
        Some(())
    }

    /// `None` if the family is incomplete. One that has no metrics is left out.
    pub(super) fn end(&mut self) -> Option<()> {
        self.end_histogram()?;
        if !self.metrics.is_empty() {
            let length = self.head.len() + self.metrics.len();
            wire::push_varint(&mut self.out, length as u64);
            self.out.append(&mut self.head);
            self.out.append(&mut self.metrics);
        }
        self.head.clear();
        Some(())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// What follows a sample that has one.
struct Exemplar {
    labels: Message,
    value: f64,
    timestamp: Option<Timestamp>,
}

impl Exemplar {
    /// `None` if it is malformed, and `Some(None)` if there is none.
    fn parse(text: &str) -> Option<Option<Self>> {
        if text.is_empty() {
            return Some(None);
        }
        let text = text.strip_prefix(" # ")?;
        let (labels, values) = text.split_at(labels_end(text)?);
        let values = values.strip_prefix(' ')?;
        let (value, timestamp) = match values.split_once(' ') {
            Some((value, timestamp)) => (value, Some(parse_timestamp(timestamp)?)),
            None => (values, None),
        };
        Some(Some(Self {
            labels: encode_labels(labels)?,
            value: value.parse().ok()?,
            timestamp,
        }))
    }

    fn push(self, out: &mut Message, field: u32) {
        let push_labels = |out: &mut Message| out.extend(self.labels);
        wire::push_exemplar(out, field, push_labels, self.value, self.timestamp);
    }
}

/// Seconds since 1970, to the microsecond: the library writes them as a double, which knows no more of them.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let seconds: f64 = text.parse().ok()?;
    let micros = (seconds * 1e6).round();
    // Further than any clock goes, so that it can be divided as a whole number.
    if micros.is_nan() || micros.abs() > 1e18 {
        return None;
    }
    let micros = micros as i64;
    Some(Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: micros.rem_euclid(1_000_000) as u32 * 1_000,
    })
}

/// The labels of a series as a message has them.
fn encode_labels(text: &str) -> Option<Message> {
    let mut out = Message::new();
    for (name, value) in labels(text)? {
        wire::push_label(&mut out, name, &value);
    }
    Some(out)
}

/// Names and values of labels in braces, or of none; `None` if they are malformed.
fn labels(text: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut labels = Vec::new();
    if text.is_empty() {
        return Some(labels);
    }
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = split_value(after)?;
        labels.push((name, value));
        rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(labels)
}

/// A label's value without its escapes, and what comes after the quote that ends it.
fn split_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(['"', '\\'])?;
    let (plain, mut rest) = text.split_at(end);
    if let Some(after) = rest.strip_prefix('"') {
        return Some((Cow::Borrowed(plain), after));
    }
    let mut value = String::from(plain);
    loop {
        let special = rest.find(['"', '\\'])?;
        let (plain, special) = rest.split_at(special);
        value.push_str(plain);
        let mut chars = special.chars();
        if chars.next() == Some('"') {
            return Some((Cow::Owned(value), chars.as_str()));
        }
        value.push(match chars.next()? {
            'n' => '\n',
            escaped @ ('"' | '\\') => escaped,
            _ => return None,
        });
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_its_milliseconds() {
        // Prometheus cuts off what is below them.
        let some = |start| start..start + 2_000_i64;
        for millis in some(0)
            .chain(some(1_080_000_000_000))
            .chain(some(1_800_000_000_000))
        {
            let text = format!("{:?}", millis as f64 / 1e3);
            let expected = Timestamp {
                seconds: millis / 1_000,
                nanos: (millis % 1_000) as u32 * 1_000_000,
            };
            assert_eq!(parse_timestamp(&text), Some(expected), "{text}");
        }
        let before = Timestamp {
            seconds: -2,
            nanos: 750_000_000,
        };
        assert_eq!(parse_timestamp("-1.25"), Some(before));
        for text in ["", "soon", "NaN", "inf", "1e300"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn labels_are_without_their_escapes() {
        let pair = |name, value: &'static str| (name, Cow::Borrowed(value));
        for (text, expected) in [
            ("", vec![]),
            ("{}", vec![]),
            (r#"{a=""}"#, vec![pair("a", "")]),
            (
                r#"{a="b",c="d,}e="}"#,
                vec![pair("a", "b"), pair("c", "d,}e=")],
            ),
            (
                r#"{a="\\",b="x\"",c="\n\\ny"}"#,
                vec![pair("a", "\\"), pair("b", "x\""), pair("c", "\n\\ny")],
            ),
        ] {
            assert_eq!(labels(text), Some(expected), "{text}");
        }
        for text in [
            "{",
            "a",
            "{a}",
            "{a=b}",
            r#"{a="b}"#,
            r#"{a="b\"}"#,
            r#"{a="\x"}"#,
            r#"{a="b"c="d"}"#,
        ] {
            assert_eq!(labels(text), None, "{text}");
        }
    }

    #[test]
    fn a_histogram_is_a_sum_a_count_and_buckets_in_that_order() {
        const FAMILY: Family<'_> = Family {
            name: "a",
            kind: "histogram",
        };
        let read = |lines: &[(&str, &str)]| {
            let mut transcription = Transcription::default();
            transcription.begin(FAMILY, "", None);
            for (series, value) in lines {
                let line = format!("a_{series} {value}");
                transcription.add(&FAMILY.sample(&line)?)?;
            }
            transcription.end()
        };
        let (sum, count) = (("sum", "1.5"), ("count", "1"));
        let bucket = (r#"bucket{le="+Inf"}"#, "1");
        assert_eq!(read(&[sum, count, bucket, sum, count, bucket]), Some(()));
        assert_eq!(read(&[sum, count]), Some(()));
        for lines in [
            &[count][..],
            &[bucket],
            &[sum],
            &[sum, bucket],
            &[sum, sum, count],
            &[sum, ("count", "1.5")],
            &[sum, count, ("bucket", "1")],
            &[sum, count, (r#"bucket{le="x"}"#, "1")],
            &[sum, count, (r#"bucket{le="1"}"#, "-1")],
            &[sum, count, (r#"bucket{le="1"}"#, "1 # {} x")],
        ] {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }
}
