use super::{
    error::ScrapeError,
    names::Names,
    projection::{LabelPairs, Projection, Row},
};
use crate::{
    Buckets,
    layer::Shared,
    naming::{Family, Naming},
    store::Snapshot,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The families of one layer, to be exposed.
pub(crate) struct Families {
    shared: &'static Shared,
    pub(super) naming: Naming,
    pub(super) buckets: Buckets,
    /// Kept from scrape to scrape, and made anew when there are new label sets.
    projection: Mutex<Arc<Projection>>,
    withdrawn: AtomicBool,
}

impl Families {
    pub(crate) fn new(shared: &'static Shared, naming: Naming, buckets: Buckets) -> Self {
        Self {
            shared,
            naming,
            buckets,
            projection: Mutex::default(),
            withdrawn: AtomicBool::new(false),
        }
    }

    /// What was counted until now, and the series it makes.
    pub(super) fn collect(&self) -> (Snapshot, Arc<Projection>) {
        // In this order, so that the projection has all keys of the snapshot.
        let snapshot = self.shared.store.collect();
        let keys = self.shared.store.keys();
        let mut kept = self
            .projection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !kept.is_of(&keys) {
            *kept = Arc::new(Projection::new(&keys, self.shared.routes.names()));
        }
        (snapshot, Arc::clone(&kept))
    }

    /// Takes the names that our families have in a scrape.
    pub(super) fn take_names(&self, names: &mut Names) -> Result<(), ScrapeError> {
        let mut families = self.naming.families().into_iter();
        families.try_for_each(|family| names.take(&family.name, family.kind))
    }

    /// Whether a family is one of ours, whatever prefix a registry put before its name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.naming
            .families()
            .iter()
            .any(|family| name.ends_with(&family.name))
    }

    /// As a collector, to expose nothing from now on: a registry cannot be told to forget one.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }
}

/// For a registry that is exposed elsewhere: the same text as our own writer's, by the library's.
impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if self.withdrawn.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (snapshot, projection) = self.collect();
        let naming = &self.naming;
        let counters = [
            (&naming.requests, &projection.requests),
            (&naming.errors, &projection.errors),
            (&naming.cancelled, &projection.cancelled),
        ];
        for (family, rows) in counters {
            encode_counters(&mut encoder, family, rows, &projection, &snapshot)?;
        }
        self.encode_durations(&mut encoder, &projection, &snapshot)?;
        encode_gauges(&mut encoder, &naming.in_flight, &projection, &snapshot)
    }
}

fn encode_counters(
    encoder: &mut DescriptorEncoder<'_>,
    family: &Family,
    rows: &[Row],
    projection: &Projection,
    snapshot: &Snapshot,
) -> fmt::Result {
    let mut encoder =
        encoder.encode_descriptor(&family.name, family.help, None, MetricType::Counter)?;
    for row in rows {
        encoder
            .encode_family(&projection.labels(row))?
            .encode_counter::<NoLabelSet, _, f64>(&projection.count(row, snapshot), None)?;
    }
    Ok(())
}

fn encode_gauges(
    encoder: &mut DescriptorEncoder<'_>,
    family: &Family,
    projection: &Projection,
    snapshot: &Snapshot,
) -> fmt::Result {
    let mut encoder =
        encoder.encode_descriptor(&family.name, family.help, None, MetricType::Gauge)?;
    for row in &projection.in_flight {
        encoder
            .encode_family(&projection.labels(&row.row))?
            .encode_gauge(&projection.in_flight(row, snapshot))?;
    }
    Ok(())
}

impl Families {
    fn encode_durations(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        projection: &Projection,
        snapshot: &Snapshot,
    ) -> fmt::Result {
        let family = &self.naming.duration;
        // The library adds the unit to the name by itself.
        let (name, unit) = match family.name.strip_suffix("_seconds") {
            Some(name) => (name, Some(&Unit::Seconds)),
            None => (family.name.as_str(), None),
        };
        let mut encoder =
            encoder.encode_descriptor(name, family.help, unit, MetricType::Histogram)?;
        let bounds = self.buckets.bounds();
        for row in &projection.requests {
            let histogram = projection.histogram(row, snapshot, bounds.len());
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(histogram.buckets).collect();
            encoder
                .encode_family(&projection.labels(row))?
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

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Families")
            .field("naming", &self.naming)
            .finish_non_exhaustive()
    }
}
