//! Families by way of `prometheus-client`, for registries that are exposed elsewhere.

use crate::{
    gather::{FamilySource, Schema, StoreFamilies},
    model::{Family, Histogram, Kind, Number, Sample, SeriesBuffer, label_pairs},
    sync::at_once,
};
use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder,
        NativeHistogram, NativeHistogramBuckets, NoLabelSet,
    },
    metrics::MetricType,
    registry::Unit,
};
use std::fmt;

/// The library has its own order of lines and its own spelling of bounds, and gets no exemplars.
impl<S: Schema> Collector for StoreFamilies<S> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if self.is_withdrawn() {
            return Ok(());
        }
        encode_families(&at_once(self.gather()), &mut encoder)
    }
}

pub(crate) fn encode_families(
    families: &[Family],
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    families
        .iter()
        .try_for_each(|family| encode_family(family, encoder))
}

fn encode_family(family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
        Kind::Info => MetricType::Info,
        Kind::BareCounter | Kind::Unknown => MetricType::Unknown,
        // The library has none.
        Kind::Summary => return Ok(()),
    };
    // The library adds the unit to the name by itself.
    let unit = family.unit.as_deref().map(unit);
    let name = match &unit {
        Some(unit) => {
            let name = family.name.strip_suffix(unit.as_str());
            name.and_then(|name| name.strip_suffix('_'))
        }
        None => None,
    };
    let unit = unit.as_ref().filter(|_| name.is_some());
    let name = name.unwrap_or(&family.name);
    let mut encoder = encoder.encode_descriptor(name, &family.help, unit, kind)?;
    let mut buffer = SeriesBuffer::default();
    for source in &family.sources {
        for index in 0..source.len() {
            let Some((labels, sample)) = source.read(index, &mut buffer) else {
                continue;
            };
            if labels.is_empty() {
                encode_sample(family.kind, sample, &mut encoder)?;
            } else {
                let labels = Labels(labels);
                encode_sample(family.kind, sample, &mut encoder.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}

fn unit(name: &str) -> Unit {
    match name {
        "seconds" => Unit::Seconds,
        "bytes" => Unit::Bytes,
        name => Unit::Other(name.to_owned()),
    }
}

fn encode_sample(kind: Kind, sample: &Sample, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    match sample {
        Sample::Histogram(histogram) => encode_histogram(histogram, encoder),
        Sample::Summary(_) => Ok(()),
        Sample::At(_, sample) => encode_sample(kind, sample, encoder),
        Sample::Number { value, .. } if kind == Kind::Counter => match value {
            Number::Unsigned(value) => encoder.encode_counter::<NoLabelSet, _, f64>(value, None),
            value => encoder.encode_counter::<NoLabelSet, _, f64>(&value.to_f64(), None),
        },
        Sample::Number { value, .. } => match value {
            Number::Unsigned(value) => encoder.encode_gauge(value),
            Number::Signed(value) => encoder.encode_gauge(value),
            Number::Float(value) => encoder.encode_gauge(value),
        },
    }
}

fn encode_histogram(histogram: &Histogram, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    let Histogram {
        sum,
        count,
        bounds,
        buckets,
        native,
        ..
    } = histogram;
    let bounds = bounds.iter().copied().chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(buckets.iter().copied()).collect();
    let Some(native) = native else {
        return encoder.encode_histogram::<NoLabelSet>(*sum, *count, &buckets, None);
    };
    let native = NativeHistogram {
        schema: i32::from(native.schema),
        zero_threshold: native.zero_threshold,
        zero_count: native.zero_count,
        negative: NativeHistogramBuckets {
            spans: &[],
            deltas: &[],
        },
        positive: NativeHistogramBuckets {
            spans: &native.spans,
            deltas: &native.deltas,
        },
        created: None,
    };
    encoder.encode_histogram_with_native::<NoLabelSet>(*sum, *count, &buckets, None, native)
}

/// The labels of a series.
struct Labels<'a>(&'a str);

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        label_pairs(self.0)
            .try_for_each(|(name, value)| (name, &*value).encode(encoder.encode_label()))
    }
}
