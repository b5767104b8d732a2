//! Our families by way of the library, for registries that are exposed elsewhere.

use super::{
    Families,
    rows::{Histogram, Known, LabelPairs, RowRef},
    text::Values,
};
use crate::naming::{Family, Value};
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

/// The same text as our own writer's.
impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if self.is_withdrawn() {
            return Ok(());
        }
        let values = self.values();
        let encoding = Encoding {
            families: self,
            values: &values,
            known: Known::new(self.routes()),
        };
        for family in &self.convention.families {
            encoding.family(&mut encoder, family)?;
        }
        Ok(())
    }
}

/// Hands families to the library.
struct Encoding<'a> {
    families: &'a Families,
    values: &'a Values,
    known: Known<'a>,
}

impl Encoding<'_> {
    fn family(&self, encoder: &mut DescriptorEncoder<'_>, family: &Family) -> fmt::Result {
        let Family { name, help, .. } = family;
        // The library adds the unit to the name by itself.
        let (name, unit) = match (family.value, name.strip_suffix("_seconds")) {
            (Value::Duration, Some(name)) => (name, Some(&Unit::Seconds)),
            _ => (name.as_str(), None),
        };
        let kind = match family.value {
            Value::Count | Value::Overflowed => MetricType::Counter,
            Value::Duration => MetricType::Histogram,
            Value::InFlight | Value::LabelSets => MetricType::Gauge,
        };
        let mut encoder = encoder.encode_descriptor(name, help, unit, kind)?;
        if family.value.is_single() {
            return self.single(encoder, family);
        }
        let Some(rows) = self.values.projection.groups.get(family.group) else {
            return Ok(());
        };
        for (at, row) in rows.iter().enumerate() {
            let labels = self.labels(family, row);
            let count = row.count(&self.values.snapshot);
            match family.value {
                Value::Duration => self.histogram(encoder.encode_family(&labels)?, row)?,
                Value::InFlight => {
                    if let Some(value) = self.values.gauges.get(at) {
                        encoder.encode_family(&labels)?.encode_gauge(&value)?;
                    }
                }
                _ => encoder
                    .encode_family(&labels)?
                    .encode_counter::<NoLabelSet, _, f64>(&count, None)?,
            }
        }
        Ok(())
    }

    /// A family that has one sample.
    fn single(&self, mut encoder: MetricEncoder<'_>, family: &Family) -> fmt::Result {
        let value = self.values.single(family.value, family.group);
        let encode = |mut encoder: MetricEncoder<'_>| match family.value {
            Value::Overflowed => encoder.encode_counter::<NoLabelSet, _, f64>(&value, None),
            _ => encoder.encode_gauge(&value),
        };
        let constant = &self.families.constant_labels;
        if constant.is_empty() {
            return encode(encoder);
        }
        encode(encoder.encode_family(constant)?)
    }

    fn histogram(&self, mut encoder: MetricEncoder<'_>, row: RowRef<'_>) -> fmt::Result {
        let mut histogram = Histogram::default();
        row.fill(
            &mut histogram,
            &self.values.snapshot,
            self.families.buckets.bounds().len() + 1,
            self.families.native.as_ref(),
        );
        let bounds = self.families.buckets.bounds().iter().copied();
        let counts = histogram.buckets.iter().copied();
        let buckets: Vec<(f64, u64)> = bounds.chain([f64::INFINITY]).zip(counts).collect();
        let Histogram { seconds, count, .. } = histogram;
        let Some(native) = &self.families.native else {
            return encoder.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None);
        };
        let sparse = native.sparse(&histogram.native_buckets);
        let none = NativeHistogramBuckets {
            spans: &[],
            deltas: &[],
        };
        let positive = NativeHistogramBuckets {
            spans: &sparse.spans,
            deltas: &sparse.deltas,
        };
        let native = NativeHistogram {
            schema: i32::from(native.schema),
            zero_threshold: native.zero_threshold(),
            zero_count: sparse.zero,
            negative: none,
            positive,
            created: None,
        };
        encoder.encode_histogram_with_native::<NoLabelSet>(seconds, count, &buckets, None, native)
    }

    fn labels(&self, family: &Family, row: RowRef<'_>) -> AllLabels<'_> {
        let groups = &self.families.convention.groups;
        AllLabels {
            constant: &self.families.constant_labels,
            pairs: LabelPairs {
                known: &self.known,
                columns: groups.get(family.group).map_or(&[], |group| &group.columns),
                labels: row.labels(),
            },
        }
    }
}

/// The labels of a row, after those that all have.
struct AllLabels<'a> {
    constant: &'a [(String, String)],
    pairs: LabelPairs<'a>,
}

impl EncodeLabelSet for AllLabels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for (name, value) in self.constant {
            (name.as_str(), value.as_str()).encode(encoder.encode_label())?;
        }
        self.pairs
            .each(|name, value| (name, value).encode(encoder.encode_label()))
    }
}
