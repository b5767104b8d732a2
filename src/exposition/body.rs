use super::stream::Stream;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Response body of [`Exposition`](crate::Exposition), and of its page.
///
/// Text is written in pieces of about 64 KiB, as the client takes them. For a slow client, only the next piece is in
/// memory, beside the numbers that were summed up for this scrape. In protobuf, a piece is a whole family, since its
/// length comes first.
pub struct ExpositionBody {
    content: Content,
}

enum Content {
    Whole(Bytes),
    // On the heap, since it is large.
    Stream(Box<Stream>),
}

impl ExpositionBody {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let content = Content::Whole(bytes.into());
        Self { content }
    }

    pub(super) fn stream(stream: Stream) -> Self {
        let content = Content::Stream(Box::new(stream));
        Self { content }
    }
}

impl Body for ExpositionBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match &mut self.content {
            Content::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Content::Stream(stream) => {
                let next = stream.poll_next();
                if next.is_pending() {
                    cx.waker().wake_by_ref();
                }
                ready!(next)
            }
        };
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Stream(stream) => stream.is_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for ExpositionBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpositionBody").finish_non_exhaustive()
    }
}
