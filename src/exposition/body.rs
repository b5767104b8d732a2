use super::{
    chunk::{Chunk, Pool},
    text::Writer,
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Response body of [`Exposition`](crate::Exposition).
///
/// Its length is known from the start, and its text is written piece by piece, as the client takes it: a slow
/// one does not hold all of it in memory.
#[derive(Default)]
pub struct ExpositionBody {
    text: Bytes,
    rest: Option<(Box<Writer>, Arc<Pool>)>,
    left: u64,
}

impl ExpositionBody {
    pub(super) fn of_text(text: String) -> Self {
        Self {
            left: text.len() as u64,
            text: text.into(),
            rest: None,
        }
    }

    /// A text, and what a writer adds to it: that many bytes.
    pub(super) fn new(text: String, writer: Box<Writer>, length: u64, pool: Arc<Pool>) -> Self {
        let mut body = Self::of_text(text);
        body.left += length;
        body.rest = Some((writer, pool));
        body
    }

    pub(super) fn len(&self) -> u64 {
        self.left
    }

    fn next(&mut self) -> Option<Bytes> {
        if !self.text.is_empty() {
            return Some(std::mem::take(&mut self.text));
        }
        let (writer, pool) = self.rest.as_mut()?;
        let mut chunk = Chunk::new(Arc::clone(pool));
        while !chunk.is_full() {
            if !writer.write_row(&mut chunk) {
                self.rest = None;
                break;
            }
        }
        Some(chunk.into_bytes())
    }
}

impl Body for ExpositionBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.next().filter(|chunk| !chunk.is_empty());
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
