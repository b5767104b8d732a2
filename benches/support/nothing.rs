use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};

/// Layer that wraps the service, its future and its body, and does nothing: what any layer that has to see
/// the end of a response costs at least.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NothingLayer;

impl<S> Layer<S> for NothingLayer {
    type Service = Nothing<S>;

    fn layer(&self, inner: S) -> Nothing<S> {
        Nothing { inner }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Nothing<S> {
    inner: S,
}

impl<S, R, B> Service<R> for Nothing<S>
where
    S: Service<R, Response = Response<B>>,
{
    type Response = Response<NothingBody<B>>;
    type Error = S::Error;
    type Future = NothingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        NothingFuture {
            inner: self.inner.call(request),
        }
    }
}

pin_project! {
    #[derive(Debug)]
    pub(crate) struct NothingFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F, B, E> Future for NothingFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<NothingBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().inner.poll(cx))?;
        Poll::Ready(Ok(response.map(|inner| NothingBody { inner })))
    }
}

pin_project! {
    #[derive(Debug)]
    pub(crate) struct NothingBody<B> {
        #[pin]
        inner: B,
    }
}

impl<B: Body> Body for NothingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
