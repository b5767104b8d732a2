use super::{
    error::ScrapeError,
    gauges::Gauges,
    names::Names,
    projection::Projection,
    rows::{Histogram, LabelPairs, RowRef, Rows},
    text::Values,
};
use crate::{
    Buckets,
    layer::Shared,
    naming::{Family, Naming},
    store::Store,
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
    /// Kept from scrape to scrape, and added to when there are new label sets.
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

    pub(super) fn store(&self) -> &'static Store {
        &self.shared.store
    }

    /// Goes on with the series of what was counted. `None` until all of them are there, for snapshots taken
    /// before.
    pub(super) fn project_some(&self) -> Option<Arc<Projection>> {
        let mut kept = self
            .projection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.is_complete(self.store()) {
            return Some(Arc::clone(&kept));
        }
        // Copied if a scrape is still writing from it.
        Arc::make_mut(&mut kept).add_some(self.store(), &self.shared.routes);
        None
    }

    /// Begins to read the gauge.
    pub(super) fn gauges(&self) -> Gauges {
        Gauges::new(self.store(), &self.shared.routes)
    }

    /// All values at once.
    fn values(&self) -> Values {
        let mut collecting = self.store().collect();
        let snapshot = at_once(|| self.store().collect_some(&mut collecting));
        loop {
            let projection = at_once(|| self.project_some());
            let mut gauges = self.gauges();
            while gauges.read_some(self.store(), &projection) {}
            if projection.is_complete(self.store()) {
                return Values {
                    snapshot,
                    projection,
                    gauges,
                };
            }
        }
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
        let values = self.values();
        let encoding = Encoding {
            values: &values,
            // After the values, so that it has the routes of all of them.
            names: self.shared.routes.names(),
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

fn at_once<T>(mut work: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(done) = work() {
            return done;
        }
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

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Families")
            .field("naming", &self.naming)
            .finish_non_exhaustive()
    }
}
