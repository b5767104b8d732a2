use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

/// Response body of [`Exposition`](crate::Exposition). Its length is known from the start.
#[derive(Debug, Default)]
pub struct ExpositionBody {
    chunks: vec::IntoIter<Bytes>,
    left: u64,
}

impl ExpositionBody {
    pub(super) fn new(mut chunks: Vec<Bytes>) -> Self {
        // An empty frame would be the end of the stream before its time.
        chunks.retain(|chunk| !chunk.is_empty());
        Self {
            left: chunks.iter().map(|chunk| chunk.len() as u64).sum(),
            chunks: chunks.into_iter(),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.left
    }
}

impl Body for ExpositionBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.next();
        self.left -= chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
