use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// Request body of an export, for a client that [`OtlpBuilder::client`](crate::OtlpBuilder::client) is given.
///
/// It has an exact size, and is in memory as a whole, in pieces of about 64 KiB.
#[derive(Default)]
pub struct OtlpBody {
    chunks: VecDeque<Bytes>,
    left: u64,
}

impl OtlpBody {
    pub(super) fn new(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let chunks: VecDeque<Bytes> = chunks.into_iter().collect();
        let left = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Self { chunks, left }
    }

    /// The same after these bytes.
    pub(super) fn after(mut self, bytes: Bytes) -> Self {
        self.left += bytes.len() as u64;
        self.chunks.push_front(bytes);
        self
    }

    pub(super) fn len(&self) -> u64 {
        self.left
    }
}

impl Body for OtlpBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.pop_front();
        self.left -= chunk.as_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl fmt::Debug for OtlpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpBody")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
