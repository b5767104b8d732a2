use crate::{
    ResponseBody, ResponseFuture,
    layer::Shared,
    recording::{Outcome, Recording, Started},
};
use http::{Request, Response};
use http_body::Body;
use std::{
    fmt, mem,
    task::{Context, Poll},
};
use tower_service::Service;

/// Middleware that records request counters, error counters and duration histograms.
///
/// Made by [`MetricsLayer`](crate::MetricsLayer). It leaves the request, the error type, readiness, and
/// the response's status, headers, size and trailers as they are.
#[derive(Clone)]
pub struct Metrics<S> {
    inner: S,
    shared: &'static Shared,
}

impl<S> Metrics<S> {
    pub(crate) fn new(inner: S, shared: &'static Shared) -> Self {
        Self { inner, shared }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service, to be changed in place.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The wrapped service, without its metrics.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Metrics<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(never)]
    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let mut started = None;
        let inner = self.start(request, &mut started);
        let recording = Recording::new(started);
        ResponseFuture { inner, recording }
    }
}

impl<S> Metrics<S> {
    /// Starts the request and calls the inner service, where a panic is an ending.
    ///
    /// On its own and not inlined: its caller then has nothing to drop when this unwinds, which would make the
    /// compiler move the future to where it stays instead of making it there.
    #[inline(never)]
    fn start<B>(&mut self, mut request: Request<B>, started: &mut Option<Started>) -> S::Future
    where
        S: Service<Request<B>>,
    {
        Started::now(self.shared, &request, started);
        if let (Some(_), Some(started)) = (&self.shared.tracing, &mut *started) {
            started.trace(&mut request);
        }
        let panicking = Panicking(started);
        let future = self.inner.call(request);
        mem::forget(panicking);
        future
    }
}

/// Records a panic when it is dropped.
struct Panicking<'a>(&'a Option<Started>);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        Recording::new(*self.0).finish(Outcome::Panic);
    }
}

impl<S: fmt::Debug> fmt::Debug for Metrics<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
