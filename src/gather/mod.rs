//! The families of one scrape: what a layer counted, under the names of its convention.

mod bounds;
mod index;
mod order;
mod projection;
mod series;
mod source;
mod table;

pub(crate) use self::{bounds::HistogramBounds, source::Source};

use self::{
    projection::Projections,
    series::{CounterSeries, GaugeSeries, HistogramSeries, SeriesView},
    source::{Counts, KeyCounts},
};
use crate::{
    model::{Family, FamilyNames, Kind, Number, Sample, Series, push_label},
    naming::{Convention, FamilySpec, Measure},
    sync::{lock, yield_now},
};
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// How many keys of the gauge are summed up before other work gets its turn.
const GAUGE_KEYS_PER_STRETCH: usize = 256;

/// The families of one layer.
pub(crate) struct LayerFamilies {
    source: Source,
    convention: Convention,
    /// By amount.
    histograms: Vec<HistogramBounds>,
    /// The labels that all series have. They come before a series' own.
    constant: Arc<str>,
    /// Kept from scrape to scrape. Series are added when there are new keys.
    projections: Mutex<Projections>,
    withdrawn: AtomicBool,
}

impl LayerFamilies {
    pub(crate) fn new(
        source: Source,
        convention: Convention,
        histograms: Vec<HistogramBounds>,
        constant_labels: &[(String, String)],
    ) -> Self {
        let mut constant = String::new();
        for (name, value) in constant_labels {
            push_label(&mut constant, name, value);
        }
        Self {
            source,
            projections: Mutex::new(Projections::new(&convention)),
            convention,
            histograms,
            constant: constant.into(),
            withdrawn: AtomicBool::new(false),
        }
    }

    /// All families, as they are now. Everything but the gauge is of one moment.
    pub(crate) async fn gather(&self) -> Vec<Family> {
        // The gauge first, so that whatever it no longer shows in flight is counted.
        self.project(self.source.key_counts()).await;
        let active = self.read_active().await;
        // The keys of what has ended since are among these.
        let keys = self.source.key_counts();
        self.project(keys).await;
        let counts = Arc::new(self.source.collect(keys).await);
        let scrape = Scrape {
            families: self,
            views: self.views(),
            counts,
            active,
        };
        let families = self.convention.families.iter();
        families.map(|family| scrape.family(family)).collect()
    }

    /// Makes the series of these keys.
    async fn project(&self, keys: KeyCounts) {
        while self.project_some(keys) {
            yield_now().await;
        }
    }

    /// Makes some more of the series of these keys. `false` once all are there.
    fn project_some(&self, keys: KeyCounts) -> bool {
        let routes = self.source.routes;
        let mut projections = lock(&self.projections);
        projections.advance(&self.source, &self.convention, routes, keys)
    }

    /// A view for each series spec of the convention, in their order.
    fn views(&self) -> Vec<SeriesView> {
        let projections = lock(&self.projections);
        let views = projections.tables().map(|(table, order)| SeriesView {
            table: table.clone(),
            order: Arc::clone(order),
            constant: Arc::clone(&self.constant),
        });
        views.collect()
    }

    /// The gauge's series, and their values in the order of that view: the next view may have more.
    async fn read_active(&self) -> (SeriesView, Vec<u64>) {
        let specs = self.convention.series.iter();
        let mut in_flight = specs
            .zip(self.views())
            .filter(|(spec, _)| spec.is_in_flight());
        let Some((_, view)) = in_flight.next() else {
            return Default::default();
        };
        let mut values = Vec::with_capacity(view.order.len());
        let mut left = GAUGE_KEYS_PER_STRETCH;
        for row in view.order.iter() {
            let mut sum = 0;
            for key in view.table.keys(*row) {
                if left == 0 {
                    left = GAUGE_KEYS_PER_STRETCH;
                    yield_now().await;
                }
                left -= 1;
                sum += self.source.active(key);
            }
            values.push(sum);
        }
        (view, values)
    }

    /// The names of the families, and their kinds.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Kind)> {
        let families = self.convention.families.iter();
        families.map(|family| (family.name.as_str(), family.measure.kind()))
    }

    /// Exposes nothing from now on, since a registry cannot be told to forget a collector.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }
}

/// The first of the families whose name one of the others has. The others may have names in common among themselves.
pub(crate) fn find_duplicate<'a>(
    others: &[(String, Kind)],
    mut families: impl Iterator<Item = (&'a str, Kind)>,
) -> Option<String> {
    let mut names = FamilyNames::default();
    for (name, kind) in others {
        // Names that they have in common are found by the scrape.
        let _ = names.take(name, *kind);
    }
    let duplicate = families.find(|(name, kind)| names.take(name, *kind).is_err());
    duplicate.map(|(name, _)| name.to_owned())
}

/// The data that the families of one scrape are made of.
struct Scrape<'a> {
    families: &'a LayerFamilies,
    views: Vec<SeriesView>,
    counts: Arc<Counts>,
    active: (SeriesView, Vec<u64>),
}

impl Scrape<'_> {
    fn family(&self, spec: &FamilySpec) -> Family {
        Family {
            name: spec.name.clone().into(),
            help: spec.help.into(),
            unit: spec.unit.map(Into::into),
            kind: spec.measure.kind(),
            sources: vec![self.series(spec)],
        }
    }

    fn series(&self, spec: &FamilySpec) -> Box<dyn Series> {
        let view = self.views.get(spec.series).cloned().unwrap_or_default();
        let counts = Arc::clone(&self.counts);
        match spec.measure {
            Measure::Requests => Box::new(CounterSeries { view, counts }),
            Measure::Amounts(amount) => match self.families.histograms.get(amount.measure()) {
                Some(histogram) => Box::new(HistogramSeries {
                    view,
                    counts,
                    amount,
                    histogram: histogram.clone(),
                }),
                None => Box::new(Vec::new()),
            },
            Measure::InFlight => {
                let (view, values) = self.active.clone();
                Box::new(GaugeSeries { view, values })
            }
            Measure::Overflowed => {
                let keys = view.order.iter().flat_map(|row| view.table.keys(*row));
                self.single(keys.map(|key| counts.requests(key)).sum())
            }
            Measure::LabelSets => self.single(counts.label_sets()),
        }
    }

    /// The series of a family that always has exactly one sample.
    fn single(&self, value: u64) -> Box<dyn Series> {
        let labels = self.families.constant.to_string();
        Box::new(vec![(labels, Sample::number(Number::Unsigned(value)))])
    }
}

impl fmt::Debug for LayerFamilies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerFamilies")
            .field("convention", &self.convention)
            .finish_non_exhaustive()
    }
}
