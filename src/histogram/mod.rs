//! The buckets of histograms.

mod bins;
mod buckets;
mod native;

pub use self::{buckets::Buckets, native::NativeHistogram};

pub(crate) use self::{
    bins::Bins,
    native::{NativeBuckets, SparseBuckets},
};
