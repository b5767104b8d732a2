use bytes::Bytes;

/// Big enough that their number does not matter, small enough that the allocator has them at hand: one
/// buffer for the whole of a large scrape would be new pages each time.
const SIZE: usize = 64 * 1024;
/// Room for the lines of one series, so that the last one does not make a chunk grow.
const SLACK: usize = 8 * 1024;

/// Text that is written in chunks.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    full: Vec<Bytes>,
    open: Vec<u8>,
}

impl Chunks {
    pub(super) fn push(&mut self, text: &str) {
        self.open.extend_from_slice(text.as_bytes());
    }

    pub(super) fn push_count(&mut self, count: u64) {
        self.push(itoa::Buffer::new().format(count));
    }

    /// As the library writes them, so that a value reads the same whoever wrote it.
    pub(super) fn push_number(&mut self, number: f64) {
        self.push(dtoa::Buffer::new().format(number));
    }

    /// Between lines: starts another chunk if this one is full, and says so.
    pub(super) fn split(&mut self) -> bool {
        let full = self.open.len() >= SIZE;
        if full {
            let next = Vec::with_capacity(SIZE + SLACK);
            self.full
                .push(std::mem::replace(&mut self.open, next).into());
        }
        full
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.full.push(self.open.into());
        self.full
    }
}
