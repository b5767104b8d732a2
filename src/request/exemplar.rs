use super::TraceId;
use crate::{label::RequestHead, sync::caught};

type TraceOf = dyn Fn(RequestHead<'_>) -> Option<TraceId> + Send + Sync;

/// The user's function that says which trace a request belongs to.
pub(crate) struct ExemplarOf(Box<TraceOf>);

impl ExemplarOf {
    pub(crate) fn new(
        of: impl Fn(RequestHead<'_>) -> Option<TraceId> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(of))
    }

    /// Calls the function. If it panics, there is no trace, and the request goes on.
    pub(super) fn ask(&self, head: RequestHead<'_>) -> Option<TraceId> {
        caught(|| (self.0)(head)).flatten()
    }
}
