use crate::{Buckets, histogram::NativeBuckets};
use std::sync::Arc;

/// The buckets that amounts are shown in.
#[derive(Clone, PartialEq)]
pub(crate) struct HistogramBounds {
    /// In the family's unit.
    pub(super) bounds: Arc<[f64]>,
    pub(super) native: Option<Arc<NativeBuckets>>,
}

impl HistogramBounds {
    pub(crate) fn new(buckets: &Buckets, native: Option<NativeBuckets>) -> Self {
        Self {
            bounds: buckets.bounds().into(),
            native: native.map(Arc::new),
        }
    }
}
