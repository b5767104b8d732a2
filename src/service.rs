use crate::{ResponseBody, ResponseFuture, layer::Shared, recording::Recording};
use http::{Request, Response};
use http_body::Body;
use std::{
    fmt,
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

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // Started before the inner `call`, and inside of it until it returns: a panic in there is an ending.
        let mut recording = Recording::start(self.shared, &request);
        let inner = self.inner.call(request);
        if let Some(recording) = &mut recording {
            recording.leave();
        }
        ResponseFuture { inner, recording }
    }
}

impl<S: fmt::Debug> fmt::Debug for Metrics<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
