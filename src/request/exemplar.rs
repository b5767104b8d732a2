use super::TraceId;
use http::{Request, request::Parts};
use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

type TraceOf = dyn Fn(&Parts) -> Option<TraceId> + Send + Sync;

/// The user's function that says which trace a request belongs to.
pub(crate) struct ExemplarOf(Box<TraceOf>);

impl ExemplarOf {
    pub(crate) fn new(of: impl Fn(&Parts) -> Option<TraceId> + Send + Sync + 'static) -> Self {
        Self(Box::new(of))
    }

    /// Calls the function. If it panics, there is no trace, and the request goes on.
    #[cold]
    pub(super) fn ask<B>(&self, request: &mut Request<B>) -> Option<TraceId> {
        let mut parts = Request::new(()).into_parts().0;
        swap(&mut parts, request);
        let asked = catch_unwind(AssertUnwindSafe(|| (self.0)(&parts)));
        swap(&mut parts, request);
        asked.unwrap_or_else(|payload| {
            forget(payload);
            None
        })
    }
}

/// Drops the payload of a panic. That may panic in turn.
fn forget(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(another);
    }
}

/// Swaps a request's head with parts. `http` gives out a head as parts only together with the body.
fn swap<B>(parts: &mut Parts, request: &mut Request<B>) {
    mem::swap(&mut parts.method, request.method_mut());
    mem::swap(&mut parts.uri, request.uri_mut());
    mem::swap(&mut parts.version, request.version_mut());
    mem::swap(&mut parts.headers, request.headers_mut());
    mem::swap(&mut parts.extensions, request.extensions_mut());
}
