use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// Small enough that a piece of work is short, big enough that their number does not matter.
const SIZE: usize = 64 * 1024;
/// Room for the lines of one series, so that the last one seldom makes a chunk grow.
const SLACK: usize = 8 * 1024;

/// Text that is written in chunks.
pub(super) struct Chunks {
    full: Vec<Bytes>,
    open: Vec<u8>,
    pool: Arc<Pool>,
}

/// Buffers that were sent, for the next scrape to write into: the pages of new ones cost more than writing.
#[derive(Debug, Default)]
pub(super) struct Pool {
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Chunks {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self {
            full: Vec::new(),
            open: pool.take(),
            pool,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.open.extend_from_slice(text.as_bytes());
    }

    /// A whole number and the end of the line.
    pub(super) fn push_count(&mut self, count: u64) {
        self.push(itoa::Buffer::new().format(count));
        self.open.push(b'\n');
    }

    /// A number, as the library writes it, and the end of the line.
    pub(super) fn push_number(&mut self, number: f64) {
        self.push(dtoa::Buffer::new().format(number));
        self.open.push(b'\n');
    }

    /// Between lines: starts another chunk if this one is full, and says so.
    pub(super) fn split(&mut self) -> bool {
        let full = self.open.len() >= SIZE;
        if full {
            self.close();
            self.open = self.pool.take();
            self.open.reserve(SIZE + SLACK);
        }
        full
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.close();
        self.full
    }

    fn close(&mut self) {
        let buffer = std::mem::take(&mut self.open);
        let chunk = Chunk {
            buffer,
            pool: Arc::clone(&self.pool),
        };
        self.full.push(Bytes::from_owner(chunk));
    }
}

/// A buffer that goes back to the pool once it was sent.
struct Chunk {
    buffer: Vec<u8>,
    pool: Arc<Pool>,
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
        self.pool
            .buffers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(buffer);
    }
}

impl Pool {
    fn take(&self) -> Vec<u8> {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.pop().unwrap_or_default()
    }
}
