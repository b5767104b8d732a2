use super::chunk::{Chunk, Pool};
use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc};

/// What is written, cut into pieces.
pub(super) struct Output {
    /// Pieces to be taken.
    pub(super) ready: VecDeque<Bytes>,
    /// The piece after these, as far as it is written.
    pub(super) last: Piece,
    /// Writes the length of a family, if the format puts that before it. A family is then held back until it is whole.
    pub(super) push_length: Option<fn(&mut Vec<u8>, u64)>,
    held: VecDeque<Bytes>,
    last_held: Piece,
}

/// A piece that is being written. It has no buffer before it needs one: the one that was sent last may be back then.
pub(super) struct Piece {
    chunk: Option<Chunk>,
    pool: Arc<Pool>,
}

impl Output {
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        Self {
            ready: VecDeque::new(),
            last: Piece::new(pool),
            push_length: None,
            held: VecDeque::new(),
            last_held: Piece::new(pool),
        }
    }

    pub(super) fn family_buffer(&mut self) -> &mut Vec<u8> {
        match self.push_length {
            Some(_) => self.last_held.buffer(),
            None => self.last.buffer(),
        }
    }

    /// Turns full chunks into pieces.
    pub(super) fn cut(&mut self) {
        if self.last.is_full() {
            self.ready.extend(self.last.take());
        }
        if self.last_held.is_full() {
            self.held.extend(self.last_held.take());
        }
    }

    /// Turns what is written so far into a piece.
    pub(super) fn flush(&mut self) {
        self.ready.extend(self.last.take());
    }

    /// Writes the length of a family that was held back, and then the family. One without series is left out.
    pub(super) fn end_family(&mut self, is_empty: bool) {
        let Some(push_length) = self.push_length else {
            return;
        };
        let last = self.last_held.take().unwrap_or_default();
        if is_empty {
            return;
        }
        let held: usize = self.held.iter().map(Bytes::len).sum();
        push_length(self.last.buffer(), (held + last.len()) as u64);
        if !self.held.is_empty() {
            self.flush();
            self.ready.append(&mut self.held);
        }
        self.last.buffer().extend_from_slice(&last);
    }
}

impl Piece {
    fn new(pool: &Arc<Pool>) -> Self {
        Self {
            chunk: None,
            pool: Arc::clone(pool),
        }
    }

    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        let chunk = self.chunk.get_or_insert_with(|| Chunk::new(&self.pool));
        &mut chunk.buffer
    }

    fn is_full(&mut self) -> bool {
        self.chunk.as_mut().is_some_and(Chunk::is_full)
    }

    /// What is written so far, if there is any.
    fn take(&mut self) -> Option<Bytes> {
        let chunk = self.chunk.take().filter(|chunk| !chunk.buffer.is_empty());
        chunk.map(Chunk::into_bytes)
    }
}
