use crate::{
    ResponseBody,
    request::{Outcome, Recording},
};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    /// Response future for [`Metrics`](crate::Metrics).
    ///
    /// If it is dropped before it is ready, the request counts as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        pub(crate) inner: F,
        // Moves into the body of the response.
        pub(crate) recording: Recording,
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this.recording.watch(|| this.inner.poll(cx));
        // Here, before the response is moved: if code that may unwind came after that, the compiler would move the
        // response twice.
        record(&polled, this.recording);
        polled.map_ok(|response| {
            response.map(|body| ResponseBody::new(body, mem::take(this.recording)))
        })
    }
}

#[inline]
fn record<B: Body, E>(polled: &Poll<Result<Response<B>, E>>, recording: &mut Recording) {
    match polled {
        Poll::Pending => {}
        Poll::Ready(Ok(response)) => recording.record_head(response),
        Poll::Ready(Err(_)) => recording.finish(Outcome::ServiceError),
    }
}
