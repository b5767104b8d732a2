use crate::sync::lock;
use bytes::Bytes;
use std::sync::{Arc, Mutex};

/// Small enough that writing one is a short piece of work, big enough that their number does not matter.
pub(super) const SIZE: usize = 32 * 1024;
/// Room for the lines of one series, so that the last one seldom makes a chunk grow.
const SLACK: usize = 4 * 1024;
/// How many buffers are kept at most: more are on their way only while a server buffers a lot.
const MOST_KEPT: usize = 8;

/// What text or messages are written to.
pub(super) trait Sink {
    fn push_bytes(&mut self, bytes: &[u8]);

    fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// A line up to its value.
    fn push_start(&mut self, start: &str, labels: &str) {
        self.push(start);
        self.push(labels);
    }

    /// A whole number and the end of the line.
    fn push_count(&mut self, count: u64) {
        self.push(itoa::Buffer::new().format(count));
        self.push("\n");
    }

    /// A number, as the library writes it, and the end of the line.
    fn push_number(&mut self, number: f64) {
        self.push(dtoa::Buffer::new().format(number));
        self.push("\n");
    }
}

/// Only counts the bytes.
#[derive(Debug, Default)]
pub(super) struct Length(pub(super) u64);

impl Sink for Length {
    fn push_bytes(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }

    fn push_count(&mut self, count: u64) {
        let digits = count.checked_ilog10().unwrap_or(0) + 1;
        self.0 += u64::from(digits) + 1;
    }
}

/// A piece of an exposition that is on its way to a client. Its buffer then goes back to the pool.
pub(super) struct Chunk {
    buffer: Vec<u8>,
    pool: Arc<Pool>,
}

/// Buffers that were sent, to be written to again: the pages of new ones cost more than writing them.
#[derive(Debug, Default)]
pub(super) struct Pool {
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Chunk {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        let buffer = pool.lock().pop().unwrap_or_default();
        Self { buffer, pool }
    }

    /// Between rows: whether it has enough of them.
    pub(super) fn is_full(&mut self) -> bool {
        // From the size of a small scrape at once to that of a whole chunk.
        if self.buffer.len() > SIZE / 4 && self.buffer.capacity() < SIZE {
            self.buffer.reserve(SIZE + SLACK - self.buffer.len());
        }
        self.buffer.len() >= SIZE
    }

    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Sink for Chunk {
    fn push_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
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
        let mut kept = self.pool.lock();
        if kept.len() < MOST_KEPT {
            kept.push(buffer);
        }
    }
}

impl Pool {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        lock(&self.buffers)
    }
}
