use crate::sync::lock;
use bytes::Bytes;
use std::sync::{Arc, Mutex};

/// Small enough that writing a chunk is little work, large enough that there are few of them.
pub(super) const SIZE: usize = 60 * 1024;
/// Room for the lines of one more series, so that the last series seldom makes a chunk grow.
const SLACK: usize = 4 * 1024;
/// How many buffers are kept at most. More are in use only while a server buffers a lot.
const MOST_KEPT: usize = 8;

/// A piece of an exposition that is on its way to a client. Its buffer then goes back to the pool.
pub(super) struct Chunk {
    pub(super) buffer: Vec<u8>,
    pool: Arc<Pool>,
}

/// Buffers of chunks that were sent, to be used again: fresh pages of memory cost more than writing to them.
#[derive(Debug, Default)]
pub(super) struct Pool {
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Chunk {
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        Self {
            buffer: lock(&pool.buffers).pop().unwrap_or_default(),
            pool: Arc::clone(pool),
        }
    }

    /// Whether enough is written to it.
    pub(super) fn is_full(&mut self) -> bool {
        // A small scrape keeps a small buffer. A larger one grows to the size of a whole chunk at once.
        if self.buffer.len() > SIZE / 4 && self.buffer.capacity() < SIZE {
            self.buffer.reserve(SIZE + SLACK - self.buffer.len());
        }
        self.buffer.len() >= SIZE
    }

    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut kept = lock(&self.pool.buffers);
        if kept.len() < MOST_KEPT {
            kept.push(buffer);
        }
    }
}
