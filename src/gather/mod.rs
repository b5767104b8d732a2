//! The families of one scrape: what a store counted, under the names of a convention.

mod bounds;
mod http;
mod identity;
mod index;
mod merge;
mod projection;
mod schema;
mod series;
mod snapshot;
mod source;
mod table;
mod texts;

pub use self::snapshot::{ActiveSelection, Selection, Snapshot};

pub(crate) use self::{
    bounds::HistogramBounds,
    http::HttpSchema,
    identity::{Difference, Identity},
    merge::merge,
    schema::Schema,
    series::WhichBounds,
    snapshot::{Row, Who},
};

use self::{
    projection::Projections,
    series::{CounterSeries, GaugeSeries, HistogramSeries, SeriesView},
    source::{Counts, KeyCounts, Source},
};
#[cfg(feature = "page")]
use crate::naming::Convention;
use crate::{
    model::{Family, FamilyNames, Kind, Number, Sample, Series, push_label},
    naming::{FamilySpec, Measure},
    store::Store,
    sync::{at_once, lock, yield_now},
};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// How many keys of the gauge are summed up before other work gets its turn.
const GAUGE_KEYS_PER_STRETCH: usize = 256;

/// Something that has families to expose.
pub(crate) trait FamilySource: Send + Sync {
    /// All families, as they are now. Everything but what is active is of one moment.
    fn gather(&self) -> Pin<Box<dyn Future<Output = Vec<Family>> + Send + '_>>;

    /// The names of the families, and their kinds.
    fn names(&self) -> Vec<(String, Kind)>;

    /// Adds what it counted to a snapshot.
    fn read(&self, snapshot: &mut Snapshot);

    /// What tells its series from those of others.
    fn identity(&self) -> &Identity;

    /// What the families of an HTTP layer mean.
    #[cfg(feature = "page")]
    fn convention(&self) -> Option<&Convention>;

    /// How many label sets it may hold, and the labels that all of its series have, as text.
    #[cfg(feature = "page")]
    fn budget(&self) -> (usize, &str);
}

/// The families of one store.
pub(crate) struct StoreFamilies<S: Schema> {
    source: Source,
    schema: S,
    identity: Identity,
    /// The labels that all series have, as text. They come before a series' own.
    constant: Arc<str>,
    /// Kept from scrape to scrape. Series are added when there are new keys.
    projections: Mutex<Projections<S>>,
    withdrawn: AtomicBool,
}

impl<S: Schema> StoreFamilies<S> {
    pub(crate) fn new(store: &'static Store, schema: S, identity: Identity) -> Self {
        let mut constant = String::new();
        for (name, value) in &identity.constant {
            push_label(&mut constant, name, value);
        }
        Self {
            source: Source(store),
            projections: Mutex::new(Projections::new(&schema)),
            schema,
            identity,
            constant: constant.into(),
            withdrawn: AtomicBool::new(false),
        }
    }

    async fn families(&self) -> Vec<Family> {
        // The gauge first, so that whatever it no longer shows in flight is counted.
        self.project(self.source.key_counts()).await;
        let active = self.read_active().await;
        // The keys of what has ended since are among these.
        let keys = self.source.key_counts();
        self.project(keys).await;
        let counts = Arc::new(self.source.collect(keys).await);
        let scrape = Scrape {
            histograms: &self.identity.histograms,
            constant: &self.constant,
            panics: self.schema.panics(),
            which: self.schema.which_bounds(),
            views: self.views(),
            counts,
            active,
        };
        let families = self.schema.families().iter();
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
        lock(&self.projections).advance(self.source, &self.schema, keys)
    }

    /// A view for each kind of series.
    fn views(&self) -> Vec<SeriesView> {
        let projections = lock(&self.projections);
        let views = projections.tables().map(|(table, order)| SeriesView {
            table: table.clone(),
            texts: projections.texts().clone(),
            order: Arc::clone(order),
            constant: Arc::clone(&self.constant),
        });
        views.collect()
    }

    /// The gauge's series, and their values in the order of that view: the next view may have more.
    async fn read_active(&self) -> (SeriesView, Vec<u64>) {
        let active = self.schema.series().position(|active| active);
        let Some(view) = active.and_then(|kind| self.views().into_iter().nth(kind)) else {
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

    /// Exposes nothing from now on, since a registry cannot be told to forget a collector.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }
}

impl<S: Schema> FamilySource for StoreFamilies<S> {
    fn gather(&self) -> Pin<Box<dyn Future<Output = Vec<Family>> + Send + '_>> {
        Box::pin(self.families())
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let families = self.schema.families().iter();
        let names = families.map(|family| (family.name.clone(), family.measure.kind()));
        names.collect()
    }

    fn read(&self, snapshot: &mut Snapshot) {
        let with_constant = |mut who: Who| {
            let constant = self.identity.constant.iter().cloned();
            who.labels = constant.chain(who.labels).collect();
            who
        };
        // What is active first, so that whatever it no longer shows is counted.
        let active = self.source.key_counts().active as u32;
        for key in 0..active {
            let who = self.source.key(true, key);
            if let Some(who) = who.and_then(|key| self.schema.active_row(key)) {
                snapshot.add_active(with_constant(who), self.source.active(key));
            }
        }
        let counts = at_once(self.source.collect(self.source.key_counts()));
        for key in 0..counts.label_sets() as u32 {
            let row = counts.key(key);
            if let (Some(mut row), Some(bounds)) = (
                row.and_then(|key| self.schema.row(key)),
                self.identity.histograms.first(),
            ) {
                row.who = with_constant(row.who);
                snapshot.add(row, &counts.durations(key, bounds));
            }
        }
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    #[cfg(feature = "page")]
    fn convention(&self) -> Option<&Convention> {
        self.schema.convention()
    }

    #[cfg(feature = "page")]
    fn budget(&self) -> (usize, &str) {
        (self.source.0.max_label_sets(), &self.constant)
    }
}

/// The first of the families whose name one of the others has. The others may have names in common among themselves.
pub(crate) fn find_duplicate<'a>(
    others: &[(String, Kind)],
    families: impl IntoIterator<Item = &'a (String, Kind)>,
) -> Option<String> {
    let mut names = FamilyNames::default();
    for (name, kind) in others {
        // Names that they have in common are found by the scrape.
        let _ = names.take(name, *kind);
    }
    let mut families = families.into_iter();
    let duplicate = families.find(|(name, kind)| names.take(name, *kind).is_err());
    duplicate.map(|(name, _)| name.clone())
}

/// The data that the families of one scrape are made of.
struct Scrape<'a> {
    histograms: &'a [HistogramBounds],
    constant: &'a str,
    panics: u64,
    which: Option<WhichBounds>,
    views: Vec<SeriesView>,
    counts: Arc<Counts>,
    active: (SeriesView, Vec<u64>),
}

impl Scrape<'_> {
    fn family(&self, spec: &FamilySpec) -> Family {
        Family {
            name: spec.name.clone().into(),
            help: spec.help.into(),
            unit: spec.unit().map(|unit| unit.name().into()),
            kind: spec.measure.kind(),
            names: spec.names.clone(),
            sources: vec![self.series(spec)],
        }
    }

    fn series(&self, spec: &FamilySpec) -> Box<dyn Series> {
        let view = self.views.get(spec.series).cloned().unwrap_or_default();
        let counts = Arc::clone(&self.counts);
        match spec.measure {
            Measure::Finished => Box::new(CounterSeries { view, counts }),
            Measure::Amounts { index, .. } => match self.histograms.get(index) {
                Some(bounds) => Box::new(HistogramSeries {
                    view,
                    counts,
                    measure: index,
                    bounds: bounds.clone(),
                    which: self.which.clone(),
                }),
                None => Box::new(Vec::new()),
            },
            Measure::Active => {
                let (view, values) = self.active.clone();
                Box::new(GaugeSeries { view, values })
            }
            Measure::Overflowed => {
                let keys = view.order.iter().flat_map(|row| view.table.keys(*row));
                self.single(keys.map(|key| counts.finished(key)).sum())
            }
            Measure::LabelSets => self.single(counts.label_sets()),
            Measure::LabelPanics => self.single(self.panics),
        }
    }

    /// The series of a family that always has exactly one sample.
    fn single(&self, value: u64) -> Box<dyn Series> {
        let labels = self.constant.to_owned();
        Box::new(vec![(labels, Sample::number(Number::Unsigned(value)))])
    }
}

impl<S: Schema> fmt::Debug for StoreFamilies<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreFamilies")
            .field("families", &self.schema.families())
            .finish_non_exhaustive()
    }
}
