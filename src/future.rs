use crate::{
    ResponseBody,
    recording::{Outcome, Recording},
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
    /// Dropped before it is ready, it records a cancelled request.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        pub(crate) inner: F,
        // Until the response has it.
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
        // Before anything of it is moved: what may unwind in between makes the compiler move it again.
        see(&polled, this.recording);
        polled.map_ok(|response| {
            response.map(|body| ResponseBody::new(body, mem::take(this.recording)))
        })
    }
}

/// Takes what the response's head says, and ends the recording unless there will be a body to see.
fn see<B: Body, E>(polled: &Poll<Result<Response<B>, E>>, recording: &mut Recording) {
    let outcome = match polled {
        Poll::Pending => return,
        Poll::Ready(Err(_)) => Outcome::ServiceError,
        Poll::Ready(Ok(response)) => {
            let ends_here = recording.head(response);
            if !ends_here && !response.body().is_end_stream() {
                return;
            }
            Outcome::Complete
        }
    };
    recording.finish(outcome);
}
