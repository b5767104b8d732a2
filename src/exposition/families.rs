use super::{
    error::ScrapeError, gauges::Gauges, names::Names, projection::Projection, rows::push_label,
    text::Values,
};
use crate::{
    Buckets, histogram::NativeBuckets, label::Routes, naming::Convention, request::Recorder,
    store::Store, sync::lock,
};
use quanta::Clock;
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// The families of one layer, to be exposed.
pub(crate) struct Families {
    shared: &'static Recorder,
    pub(super) convention: Convention,
    pub(super) buckets: Buckets,
    pub(super) native: Option<NativeBuckets>,
    pub(super) constant_labels: Vec<(String, String)>,
    /// These as they are written, each with a comma after it.
    pub(super) constant: String,
    /// Kept from scrape to scrape, and added to when there are new label sets.
    projection: Mutex<Arc<Projection>>,
    withdrawn: AtomicBool,
}

impl Families {
    pub(crate) fn new(
        shared: &'static Recorder,
        convention: Convention,
        buckets: Buckets,
        native: Option<NativeBuckets>,
        constant_labels: Vec<(String, String)>,
    ) -> Self {
        let mut constant = String::new();
        for (name, value) in &constant_labels {
            push_label(&mut constant, name, value);
            constant.push(',');
        }
        Self {
            constant_labels,
            constant,
            shared,
            convention,
            buckets,
            native,
            projection: Mutex::default(),
            withdrawn: AtomicBool::new(false),
        }
    }

    pub(super) fn store(&self) -> &'static Store {
        &self.shared.store
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(super) fn routes(&self) -> &'static Routes {
        &self.shared.routes
    }

    /// Goes on with the series of what was counted. `None` until all of them are there, for snapshots taken
    /// before.
    pub(super) fn project_some(&self) -> Option<Arc<Projection>> {
        let mut kept = lock(&self.projection);
        if kept.is_complete(self.store()) {
            return Some(Arc::clone(&kept));
        }
        // Copied if a scrape is still writing from it.
        Arc::make_mut(&mut kept).add_some(self.store(), self.routes(), &self.convention);
        None
    }

    /// Begins to read the gauge.
    pub(super) fn gauges(&self) -> Gauges {
        Gauges::new(self.store(), &self.convention)
    }

    /// All values at once.
    pub(super) fn values(&self) -> Values {
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
        let mut families = self.convention.families.iter();
        families.try_for_each(|family| names.take(&family.name, family.value.kind()))
    }

    /// Whether a family is one of ours, whatever prefix a registry put before its name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.convention
            .families
            .iter()
            .any(|family| name.ends_with(&family.name))
    }

    /// As a collector, to expose nothing from now on: a registry cannot be told to forget one.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }
}

fn at_once<T>(mut work: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(done) = work() {
            return done;
        }
    }
}

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Families")
            .field("convention", &self.convention)
            .finish_non_exhaustive()
    }
}
