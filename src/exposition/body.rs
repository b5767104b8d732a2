use super::pieces::Pieces;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// Response body of [`Exposition`](crate::Exposition).
///
/// Its length is known from the start. Without compression its text is written piece by piece, as the client
/// takes it: a slow one does not hold all of it in memory.
#[derive(Default)]
pub struct ExpositionBody {
    pieces: Pieces,
    left: u64,
}

impl ExpositionBody {
    /// These pieces, which are that many bytes.
    pub(super) fn new(pieces: Pieces, length: u64) -> Self {
        Self {
            pieces,
            left: length,
        }
    }

    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let length = bytes.len() as u64;
        Self::new(Pieces::new(bytes, None), length)
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
        let chunk = self
            .pieces
            .next(usize::MAX)
            .filter(|chunk| !chunk.is_empty());
        let sent = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        self.left = self.left.saturating_sub(sent);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl fmt::Debug for ExpositionBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpositionBody")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
