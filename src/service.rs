use crate::{
    ResponseBody, ResponseFuture,
    request::{Panicking, Recorder, Recording},
};
use http::{Request, Response};
use http_body::Body;
use std::{
    fmt,
    mem::{self, ManuallyDrop},
    task::{Context, Poll},
};
use tower_service::Service;

/// Middleware that records request counters, error counters and duration histograms.
///
/// Made by [`MetricsLayer`](crate::MetricsLayer). It does not change the request, the error type, readiness, or the
/// response's status, headers, size and trailers.
///
/// ```
/// use tower::Layer;
/// use tower_red::MetricsLayer;
///
/// let (metrics, _exposition) = MetricsLayer::pair();
/// let mut service = metrics.layer("the service");
/// assert_eq!(*service.get_ref(), "the service");
/// *service.get_mut() = "another one";
/// assert_eq!(service.into_inner(), "another one");
/// ```
#[derive(Clone)]
pub struct Metrics<S> {
    inner: S,
    /// `None` if the layer is switched off.
    recorder: Option<&'static Recorder>,
}

impl<S> Metrics<S> {
    pub(crate) fn new(inner: S, recorder: Option<&'static Recorder>) -> Self {
        Self { inner, recorder }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service, mutably.
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

    #[inline]
    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let mut recording = ManuallyDrop::new(Recording::NONE);
        let inner = self.call_recorded(request, &mut recording);
        let recording = ManuallyDrop::into_inner(recording);
        ResponseFuture { inner, recording }
    }
}

impl<S> Metrics<S> {
    /// Starts the recording and calls the inner service. If that panics, the panic is how the request ended.
    ///
    /// A function of its own, so that its caller has nothing to drop if this unwinds: otherwise the compiler moves the
    /// future once more.
    #[inline(never)]
    fn call_recorded<B>(
        &mut self,
        request: Request<B>,
        recording: &mut ManuallyDrop<Recording>,
    ) -> S::Future
    where
        S: Service<Request<B>>,
    {
        if let Some(recorder) = self.recorder {
            *recording = ManuallyDrop::new(Recording::start(recorder, &request));
        }
        let panicking = Panicking(recording);
        let future = self.inner.call(request);
        mem::forget(panicking);
        future
    }
}

impl<S: fmt::Debug> fmt::Debug for Metrics<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
