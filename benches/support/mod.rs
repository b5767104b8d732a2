//! What is measured here, beside others, and by the test of allocations: a served axum router, and the layer
//! that wraps all and does nothing. A benchmark that needs less of it names the files.

mod nothing;
mod router;
mod serve;

pub(crate) use self::{
    nothing::NothingLayer,
    router::{drive, routes, served, targets},
    serve::serve,
};
