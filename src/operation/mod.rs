//! Rate, errors and duration of what is not an HTTP request: a sibling of `request`, with a store of its own for each
//! operation.

mod active;
mod builder;
mod entered;
mod error_kind;
mod future;
mod handle;
mod marks;
mod recorder;
mod resolved;
mod schema;
mod stream;

pub use self::{
    active::ActiveOperation,
    builder::OperationBuilder,
    entered::EnteredOperation,
    error_kind::{AnyError, ErrorKind},
    future::OperationFuture,
    handle::Operation,
    marks::{ItemMark, MarkWhen, NoMark},
    resolved::ResolvedOperation,
    stream::OperationStream,
};
