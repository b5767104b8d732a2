use crate::{
    ResponseBody,
    recording::{Outcome, Recording},
};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// Response future for [`Metrics`](crate::Metrics).
    ///
    /// Dropped before it is ready, it records a cancelled request.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        pub(crate) inner: F,
        // `None` for a skipped route, and once the response has it.
        pub(crate) recording: Option<Recording>,
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
        if let Some(recording) = this.recording {
            recording.enter();
        }
        let polled = this.inner.poll(cx);
        if let Some(recording) = this.recording {
            recording.leave();
        }
        let result = ready!(polled);
        Poll::Ready(match result {
            Ok(response) => Ok(wrap(response, this.recording)),
            Err(error) => {
                Recording::finish(this.recording, Outcome::ServiceError);
                Err(error)
            }
        })
    }
}

/// Hands the recording on to the body, unless there will be none to see.
fn wrap<B: Body>(
    response: Response<B>,
    recording: &mut Option<Recording>,
) -> Response<ResponseBody<B>> {
    if let Some(unfinished) = recording {
        let ends_here = unfinished.head(&response);
        if ends_here || response.body().is_end_stream() {
            Recording::finish(recording, Outcome::Complete);
        }
    }
    response.map(|body| ResponseBody::new(body, recording.take()))
}
