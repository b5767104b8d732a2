use super::{
    FamilySource, Identity, Schema, Snapshot, Who,
    projection::Projections,
    scrape::Scrape,
    series::SeriesView,
    source::{KeyCounts, Source},
};
#[cfg(feature = "page")]
use crate::naming::Convention;
use crate::{
    model::{Family, Kind, push_label},
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
        let shown = self.source.shown().await;
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
                sum += self.source.active(&shown, key);
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
        let shown = at_once(self.source.shown());
        let active = self.source.key_counts().active as u32;
        for key in 0..active {
            let who = self.source.key(true, key);
            if let Some(who) = who.and_then(|key| self.schema.active_row(key)) {
                snapshot.add_active(with_constant(who), self.source.active(&shown, key));
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

impl<S: Schema> fmt::Debug for StoreFamilies<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreFamilies")
            .field("families", &self.schema.families())
            .finish_non_exhaustive()
    }
}
