//! Prometheus' protobuf: messages of `io.prometheus.client`, by the numbers of its `metrics.proto`.

use super::{Families, families::Sample};
use bytes::Buf;
use prost::{DecodeError, Message};
use std::fmt::Write;

#[derive(Clone, PartialEq, Message)]
struct Family {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "4")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Number>,
    #[prost(message, optional, tag = "5")]
    untyped: Option<Number>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Number {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    buckets: Vec<Bucket>,
    /// There only if the histogram is native too.
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(uint64, tag = "7")]
    zeros: u64,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    deltas: Vec<i64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    cumulated: u64,
    #[prost(double, tag = "2")]
    bound: f64,
}

pub(super) fn parse(mut bytes: &[u8]) -> Result<Families, DecodeError> {
    let mut families = Families::default();
    while bytes.has_remaining() {
        let family = Family::decode_length_delimited(&mut bytes)?;
        for metric in &family.metrics {
            insert(&mut families, &family.name, metric);
        }
    }
    Ok(families)
}

fn insert(families: &mut Families, name: &str, metric: &Metric) {
    let labels = &metric.labels;
    let mut insert = |name: &str, labels: &[Label], value, is_counter| {
        families.insert(series(name, labels), Sample { value, is_counter });
    };
    if let Some(Number { value }) = metric.gauge.or(metric.untyped) {
        insert(name, labels, value, false);
    }
    if let Some(Number { value }) = metric.counter {
        insert(name, labels, value, true);
    }
    let Some(histogram) = &metric.histogram else {
        return;
    };
    insert(
        &format!("{name}_count"),
        labels,
        histogram.count as f64,
        true,
    );
    insert(&format!("{name}_sum"), labels, histogram.sum, true);
    for bucket in &histogram.buckets {
        let mut labels = labels.clone();
        let (name_of_bound, value) = ("le".to_owned(), bucket.bound.to_string());
        labels.insert(
            0,
            Label {
                name: name_of_bound,
                value,
            },
        );
        insert(
            &format!("{name}_bucket"),
            &labels,
            bucket.cumulated as f64,
            true,
        );
    }
    let native = histogram.native_count();
    if histogram.schema.is_some() && native != Some(histogram.count) {
        let series = series(name, labels);
        let fault = format!(
            "natively {native:?}, but {} in all: {series}",
            histogram.count
        );
        families.faults.push(fault);
    }
}

impl Histogram {
    /// What is in the native buckets, each of which is given by its difference to the one before.
    fn native_count(&self) -> Option<u64> {
        let mut bucket = 0_i64;
        let buckets = self.deltas.iter().map(|delta| {
            bucket += delta;
            u64::try_from(bucket).ok()
        });
        Some(self.zeros + buckets.sum::<Option<u64>>()?)
    }
}

fn series(name: &str, labels: &[Label]) -> String {
    let mut series = name.to_owned();
    for (at, Label { name, value }) in labels.iter().enumerate() {
        let before = if at == 0 { '{' } else { ',' };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(series, "{before}{name}=\"{value}\"");
    }
    if !labels.is_empty() {
        series.push('}');
    }
    series
}
