use super::{
    chunk::{Chunk, Length, Pool, Sink},
    text::Writer,
};
use bytes::Bytes;
use std::sync::Arc;

/// An exposition that is taken piece by piece: what is there already, what a writer adds to it then, and what
/// it ends with.
#[derive(Default)]
pub(super) struct Pieces {
    text: Bytes,
    rest: Option<Rest>,
}

pub(super) struct Rest {
    pub(super) writer: Box<Writer>,
    pub(super) end: String,
    pub(super) pool: Arc<Pool>,
}

impl Pieces {
    pub(super) fn new(text: impl Into<Bytes>, rest: Option<Rest>) -> Self {
        Self {
            text: text.into(),
            rest,
        }
    }

    /// The next piece. What is there already is cut at that length.
    pub(super) fn next(&mut self, most: usize) -> Option<Bytes> {
        if !self.text.is_empty() {
            return Some(self.text.split_to(most.min(self.text.len())));
        }
        let rest = self.rest.as_mut()?;
        let mut chunk = Chunk::new(Arc::clone(&rest.pool));
        while !chunk.is_full() {
            if !rest.writer.write_row(&mut chunk) {
                chunk.push(&rest.end);
                self.rest = None;
                break;
            }
        }
        Some(chunk.into_bytes())
    }

    /// Measures some rows more. `false` once all are, and then the length is that of all pieces.
    pub(super) fn measure(&mut self, rows: usize, length: &mut Length) -> bool {
        if let Some(Rest { writer, end, .. }) = &mut self.rest {
            if (0..rows).all(|_| writer.write_row(length)) {
                return true;
            }
            writer.begin_again();
            length.push(end);
        }
        length.0 += self.text.len() as u64;
        false
    }
}
