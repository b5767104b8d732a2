use super::{
    exemplars::Exemplars,
    keys::Keys,
    layout::{Layout, Measure},
};
use crate::histogram::Bins;
use std::sync::atomic::{AtomicU32, Ordering};

/// What all shards of a store share.
pub(super) struct Shared {
    /// The number of the store, from 1.
    pub(super) number: u32,
    pub(super) has_slots: bool,
    pub(super) measures: Box<[Measure]>,
    pub(super) layout: Layout,
    pub(super) exemplars: Option<Exemplars>,
    pub(super) finished: Keys,
    pub(super) active: Keys,
}

/// What a store is to count.
pub(crate) struct StoreSettings {
    pub(crate) measures: Box<[Bins]>,
    /// Whether slots show what is active. Otherwise, counters do.
    pub(crate) has_slots: bool,
    /// Whether buckets keep exemplars.
    pub(crate) has_exemplars: bool,
    /// The budget. New keys beyond it are counted under the keys that they overflow to.
    pub(crate) max_label_sets: usize,
}

impl Shared {
    pub(super) fn new(settings: StoreSettings) -> Self {
        let StoreSettings {
            measures,
            has_slots,
            has_exemplars,
            max_label_sets,
        } = settings;
        static STORES: AtomicU32 = AtomicU32::new(0);
        let (layout, measures) = Layout::new(measures);
        Self {
            number: STORES.fetch_add(1, Ordering::Relaxed) + 1,
            has_slots,
            layout,
            exemplars: has_exemplars.then(Exemplars::new),
            finished: Keys::new(max_label_sets),
            active: Keys::new(max_label_sets),
            measures,
        }
    }
}
