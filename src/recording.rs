use crate::{
    label::{method::Method, route::RouteId, status::Status},
    layer::Shared,
    store::{RequestKey, RouteKey},
};
use http::{Request, Response};
use std::{fmt, mem};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// The last frame of the response was handed to the server.
    Complete,
    /// Dropped by its owner before its end: in the head if there is no status yet, else in the body.
    Cancelled,
    /// The response body yielded an error.
    BodyError,
    /// The inner service returned `Err`.
    ServiceError,
    /// The inner service, its future or its body panicked.
    Panic,
}

impl Outcome {
    pub(crate) const ALL: [Self; 5] = [
        Self::Complete,
        Self::Cancelled,
        Self::BodyError,
        Self::ServiceError,
        Self::Panic,
    ];
}

/// A request that started.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    shared: &'static Shared,
    at: u64,
    /// What the in-flight gauge counts under.
    route: RouteId,
    method: Method,
}

impl Started {
    /// `None` if the route is skipped.
    pub(crate) fn now<B>(shared: &'static Shared, request: &Request<B>) -> Option<Self> {
        let route = shared.routes.of_request(request.extensions())?;
        let method = Method::of(request.method());
        shared.store.begin(RouteKey { route, method });
        Some(Self {
            shared,
            at: shared.clock.raw(),
            route,
            method,
        })
    }

    /// What records its end. A request needs exactly one that is dropped.
    pub(crate) fn recording(self, outcome: Outcome) -> Recording {
        Recording {
            started: self,
            key: RequestKey {
                method: self.method,
                outcome,
                status: None,
                route: self.route,
            },
        }
    }
}

/// One request on its way: owned by `call`, then by the future, then by the body.
///
/// It records in one place, when it is dropped, whatever dropped it. Its outcome says *cancelled* until
/// somebody knows better, and *panic* once inner code unwound.
pub(crate) struct Recording {
    started: Started,
    key: RequestKey,
}

impl Recording {
    /// Runs inner code: a panic in there is how the request ended.
    pub(crate) fn watch<T>(recording: &mut Option<Self>, inner: impl FnOnce() -> T) -> T {
        let panicking = Panicking(recording);
        let result = inner();
        mem::forget(panicking);
        result
    }

    /// Takes what the response's head says, and whether the response ends with it.
    pub(crate) fn head<B>(&mut self, response: &Response<B>) -> bool {
        let status = Status::of(response.status());
        self.key.status = Some(status);
        if let Some(route) = self
            .started
            .shared
            .routes
            .of_response(response.extensions())
        {
            self.key.route = route;
        }
        status.has_no_body() || self.key.method.has_no_body(status)
    }

    /// The end is known: records it, where it is, since moving it costs more than all of this.
    pub(crate) fn finish(recording: &mut Option<Self>, outcome: Outcome) {
        if let Some(unfinished) = recording {
            unfinished.key.outcome = outcome;
            *recording = None;
        }
    }

    pub(crate) fn is_panic(&self) -> bool {
        self.key.outcome == Outcome::Panic
    }
}

/// Dropped by unwinding only, so that nothing is written where nothing panics.
struct Panicking<'a>(&'a mut Option<Recording>);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        if let Some(recording) = self.0 {
            recording.key.outcome = Outcome::Panic;
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let Started {
            shared, at, route, ..
        } = self.started;
        let nanos = shared.clock.delta_as_nanos(at, shared.clock.raw());
        shared.store.end(self.key, route, nanos);
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("status", &self.key.status)
            .field("outcome", &self.key.outcome)
            .finish_non_exhaustive()
    }
}
