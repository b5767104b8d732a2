use super::{
    exemplars::Exemplars,
    keys::Keys,
    layout::{Layout, Measure},
};
use crate::histogram::Bins;

/// What all shards of a store share.
pub(super) struct Shared {
    pub(super) measures: Box<[Measure]>,
    pub(super) layout: Layout,
    pub(super) exemplars: Option<Exemplars>,
    pub(super) finished: Keys,
    pub(super) active: Keys,
}

/// What a store is to count.
pub(crate) struct StoreSettings {
    pub(crate) measures: Box<[Bins]>,
    /// Whether buckets keep exemplars.
    pub(crate) has_exemplars: bool,
    /// The budget. New keys beyond it are counted under the keys that they overflow to.
    pub(crate) max_label_sets: usize,
}

impl Shared {
    pub(super) fn new(settings: StoreSettings) -> Self {
        let StoreSettings {
            measures,
            has_exemplars,
            max_label_sets,
        } = settings;
        let (layout, measures) = Layout::new(measures);
        Self {
            layout,
            exemplars: has_exemplars.then(Exemplars::new),
            finished: Keys::new(max_label_sets),
            active: Keys::new(max_label_sets),
            measures,
        }
    }
}
