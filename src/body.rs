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
        recording: Recording,
        // `B::is_end_stream`, for the drop: calling it by name there would put a bound on the struct.
        is_end_stream: fn(&B) -> bool,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // Nothing was left to send, so nobody gave up on it. A body that panicked is not asked.
            if this.recording.is_open() && (this.is_end_stream)(&this.inner) {
                this.recording.finish(Outcome::Complete);
            }
        }
    }
}

impl<B: Body> ResponseBody<B> {
    pub(crate) fn new(inner: B, recording: Recording) -> Self {
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
            recording: Recording::default(),
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
        let polled = this.recording.watch(|| this.inner.as_mut().poll_frame(cx));
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => this.recording.finish(Outcome::Complete),
            Poll::Ready(Some(Err(_))) => this.recording.finish(Outcome::BodyError),
            Poll::Ready(Some(Ok(frame))) => {
                let trailers = frame.trailers_ref();
                if let Some(trailers) = trailers {
                    this.recording.trailers(trailers);
                }
                // The server does not poll again after trailers, nor once an exact length is reached.
                if trailers.is_some() || this.inner.is_end_stream() {
                    this.recording.finish(Outcome::Complete);
                }
            }
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
