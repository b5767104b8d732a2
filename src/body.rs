use crate::request::{Outcome, Recording};
use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    /// Response body for [`Metrics`](crate::Metrics).
    ///
    /// It passes frames, trailers, the size hint and the end of the stream through. It records the request at the end:
    /// with the last frame, the last declared byte, the trailers, an error, or its own drop.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        recording: Recording,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn new(inner: B, recording: Recording) -> Self {
        Self { inner, recording }
    }
}

/// An empty body that records nothing. Middleware around this one needs it for responses of its own.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::new(B::default(), Recording::default())
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let polled = this.recording.watch(|| this.inner.as_mut().poll_frame(cx));
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => this.recording.finish(Outcome::Complete),
            Poll::Ready(Some(Err(_))) => this.recording.finish(Outcome::BodyError),
            Poll::Ready(Some(Ok(_))) if this.recording.is_over() => {}
            Poll::Ready(Some(Ok(frame))) => {
                if is_last(frame, this.recording)
                    || this.recording.watch(|| this.inner.is_end_stream())
                {
                    this.recording.finish(Outcome::Complete);
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.recording.watch_end(|| self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.recording.watch_shared(|| self.inner.size_hint())
    }
}

/// Whether this is the last frame. The server does not poll again after trailers, nor after the last byte that was
/// declared.
#[inline]
fn is_last<D: Buf>(frame: &Frame<D>, recording: &mut Recording) -> bool {
    match (frame.data_ref(), frame.trailers_ref()) {
        (Some(data), _) => {
            let bytes = recording.watch(|| data.remaining());
            recording.record_data(bytes)
        }
        (None, Some(trailers)) => {
            recording.record_trailers(trailers);
            true
        }
        (None, None) => false,
    }
}
