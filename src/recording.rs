use crate::{
    label::{method::Method, route::RouteId, status::Status},
    layer::Shared,
    store::{RequestKey, RouteKey},
};
use http::{Request, Response};
use std::fmt;

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

/// One request on its way: owned by `call`, then by the future, then by the body.
///
/// It records in one place, when it is dropped, whatever dropped it. Its outcome says *cancelled* until
/// somebody knows better, and *panic* while inner code runs: only unwinding can drop it then.
pub(crate) struct Recording {
    shared: &'static Shared,
    started: u64,
    /// The route as known at the start: what the in-flight gauge counts under.
    start_route: RouteId,
    route: RouteId,
    method: Method,
    status: Option<Status>,
    outcome: Outcome,
}

impl Recording {
    /// Starts recording, inside the inner service. `None` if the route is skipped.
    pub(crate) fn start<B>(shared: &'static Shared, request: &Request<B>) -> Option<Self> {
        let route = shared.routes.of_request(request.extensions())?;
        let method = Method::of(request.method());
        shared.store.begin(RouteKey { route, method });
        Some(Self {
            shared,
            started: shared.clock.raw(),
            start_route: route,
            route,
            method,
            status: None,
            outcome: Outcome::Panic,
        })
    }

    /// Inner code is about to run.
    pub(crate) fn enter(&mut self) {
        self.outcome = Outcome::Panic;
    }

    /// Inner code returned.
    pub(crate) fn leave(&mut self) {
        self.outcome = Outcome::Cancelled;
    }

    /// Takes what the response's head says, and whether the response ends with it.
    pub(crate) fn head<B>(&mut self, response: &Response<B>) -> bool {
        let status = Status::of(response.status());
        self.status = Some(status);
        if let Some(route) = self.shared.routes.of_response(response.extensions()) {
            self.route = route;
        }
        status.has_no_body() || self.method.has_no_body(status)
    }

    /// The end is known: records it.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    pub(crate) fn is_panic(&self) -> bool {
        self.outcome == Outcome::Panic
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let clock = &self.shared.clock;
        let nanos = clock.delta_as_nanos(self.started, clock.raw());
        let request = RequestKey {
            method: self.method,
            route: self.route,
            status: self.status,
            outcome: self.outcome,
        };
        self.shared.store.end(request, self.start_route, nanos);
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
