use crate::recording::{Outcome, Recording};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    /// Response body for [`Metrics`](crate::Metrics).
    ///
    /// Passes frames, trailers, the size hint and the end of the stream through, and records the request
    /// when it sees the end: the last frame, the trailers, an error, or its own drop.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        recording: Option<Recording>,
        // `B::is_end_stream`, for the drop: calling it by name there would put a bound on the struct.
        is_end_stream: fn(&B) -> bool,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let Some(recording) = this.recording.as_ref() else { return };
            // Nothing was left to send, so nobody gave up on it. A body that panicked is not asked.
            let ended = !recording.is_panic() && (this.is_end_stream)(&this.inner);
            if ended {
                Recording::finish(this.recording, Outcome::Complete);
            }
        }
    }
}

impl<B: Body> ResponseBody<B> {
    pub(crate) fn new(inner: B, recording: Option<Recording>) -> Self {
        Self {
            inner,
            recording,
            is_end_stream: B::is_end_stream,
        }
    }
}

/// An empty body that records nothing: what middleware outside of this one answers with by itself.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            recording: None,
            is_end_stream: |_| true,
        }
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
        let polled = Recording::watch(this.recording, || this.inner.as_mut().poll_frame(cx));
        let ended = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(Outcome::Complete),
            Poll::Ready(Some(Err(_))) => Some(Outcome::BodyError),
            // The server does not poll again after trailers, nor once an exact length is reached.
            Poll::Ready(Some(Ok(frame))) => match (frame.trailers_ref(), this.recording.as_mut()) {
                (Some(trailers), Some(recording)) => {
                    recording.trailers(trailers);
                    Some(Outcome::Complete)
                }
                (None, Some(_)) if this.inner.is_end_stream() => Some(Outcome::Complete),
                _ => None,
            },
        };
        if let Some(outcome) = ended {
            Recording::finish(this.recording, outcome);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
