//! What a request is labelled with: the only place where cardinality is decided.

pub(crate) mod calls;
pub(crate) mod grpc;
pub(crate) mod method;
#[cfg(feature = "axum")]
mod path;
pub(crate) mod peer;
pub(crate) mod route;
pub(crate) mod status;
pub(crate) mod traces;

/// Stands for what is not on a fixed list.
pub(crate) const OTHER: &str = "_OTHER";
