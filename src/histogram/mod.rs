//! The buckets of histograms.

mod bins;
mod buckets;
mod native;
mod native_buckets;
mod sparse_buckets;

pub use self::{buckets::Buckets, native::NativeHistogram};

pub(crate) use self::{bins::Bins, native_buckets::NativeBuckets, sparse_buckets::SparseBuckets};
