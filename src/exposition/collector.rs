//! Our families by way of the library, for registries that are exposed elsewhere.

use super::{
    Families,
    rows::{Histogram, LabelPairs, RowRef, Rows},
    text::Values,
};
use crate::naming::Family;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, NoLabelSet},
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
            values: &values,
            // After the values, so that it has the routes of all of them.
            names: self.routes().names(),
        };
        let (naming, projection) = (&self.naming, &values.projection);
        encoding.counters(&mut encoder, &naming.requests, &projection.requests)?;
        encoding.counters(&mut encoder, &naming.errors, &projection.errors)?;
        encoding.counters(&mut encoder, &naming.cancelled, &projection.cancelled)?;
        let bounds = self.buckets.bounds();
        encoding.histograms(&mut encoder, &naming.duration, bounds, &projection.requests)?;
        encoding.gauges(&mut encoder, &naming.in_flight, &projection.in_flight)
    }
}

/// Hands families to the library.
struct Encoding<'a> {
    values: &'a Values,
    names: Vec<&'static str>,
}

impl Encoding<'_> {
    fn labels(&self, row: RowRef<'_>) -> LabelPairs<'_> {
        LabelPairs {
            names: &self.names,
            labels: row.labels(),
        }
    }

    fn counters(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        family: &Family,
        rows: &Rows,
    ) -> fmt::Result {
        let Family { name, help, .. } = family;
        let mut encoder = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for row in rows.iter() {
            encoder
                .encode_family(&self.labels(row))?
                .encode_counter::<NoLabelSet, _, f64>(&row.count(&self.values.snapshot), None)?;
        }
        Ok(())
    }

    fn gauges(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        family: &Family,
        rows: &Rows,
    ) -> fmt::Result {
        let Family { name, help, .. } = family;
        let mut encoder = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (at, row) in rows.iter().enumerate() {
            if let Some(value) = self.values.gauges.get(at) {
                encoder
                    .encode_family(&self.labels(row))?
                    .encode_gauge(&value)?;
            }
        }
        Ok(())
    }

    fn histograms(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        family: &Family,
        bounds: &[f64],
        rows: &Rows,
    ) -> fmt::Result {
        // The library adds the unit to the name by itself.
        let (name, unit) = match family.name.strip_suffix("_seconds") {
            Some(name) => (name, Some(&Unit::Seconds)),
            None => (family.name.as_str(), None),
        };
        let mut encoder =
            encoder.encode_descriptor(name, family.help, unit, MetricType::Histogram)?;
        let mut histogram = Histogram::default();
        for row in rows.iter() {
            row.fill(&mut histogram, &self.values.snapshot);
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(histogram.buckets.iter().copied()).collect();
            encoder
                .encode_family(&self.labels(row))?
                .encode_histogram::<NoLabelSet>(
                    histogram.seconds,
                    histogram.count,
                    &buckets,
                    None,
                )?;
        }
        Ok(())
    }
}

impl EncodeLabelSet for LabelPairs<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.each(|name, value| (name, value).encode(encoder.encode_label()))
    }
}
