use super::chunk::{Chunk, Pool};
use crate::{
    format::{Format, Writer},
    model::{Family, SeriesBuffer},
};
use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc, task::Poll, vec};

/// How many numbers are looked at before others get their turn.
const NUMBERS_PER_STRETCH: usize = 30_000;
/// About what it takes beside that to begin a family, or to write a series.
const NUMBERS_PER_SERIES: usize = 50;

/// Families that are written as they are taken, in pieces.
pub(super) struct Stream {
    families: vec::IntoIter<Family>,
    /// The family that is written, and how far.
    family: Option<Progress>,
    writer: Box<dyn Writer>,
    buffer: SeriesBuffer,
    out: Output,
    ended: bool,
}

struct Progress {
    family: Family,
    source: usize,
    index: usize,
    is_empty: bool,
}

impl Stream {
    pub(super) fn new(families: Vec<Family>, format: &Format, pool: &Arc<Pool>) -> Self {
        Self {
            families: families.into_iter(),
            family: None,
            writer: (format.writer)(),
            buffer: SeriesBuffer::default(),
            out: Output::new(format, pool),
            ended: false,
        }
    }

    /// The next piece, `None` after the last one. Pending if others are to get their turn before there is one.
    pub(super) fn poll_next(&mut self) -> Poll<Option<Bytes>> {
        let mut numbers = 0;
        while self.out.ready.is_empty() && !self.ended {
            if numbers > NUMBERS_PER_STRETCH {
                self.out.flush();
                break;
            }
            numbers += NUMBERS_PER_SERIES + self.write_some();
        }
        match self.out.ready.pop_front() {
            None if !self.ended => Poll::Pending,
            piece => Poll::Ready(piece),
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended && self.out.ready.is_empty()
    }

    /// Writes a bit more, and says how many numbers were looked at.
    fn write_some(&mut self) -> usize {
        let width = match self.family.take() {
            Some(progress) => self.write_series(progress),
            None => self.begin_family(),
        };
        self.out.cut();
        width
    }

    fn begin_family(&mut self) -> usize {
        let Some(family) = self.families.next() else {
            self.writer.end(&mut self.out.chunk.buffer);
            self.out.flush();
            self.ended = true;
            return 0;
        };
        self.writer.begin_family(&family, self.out.family_buffer());
        self.family = Some(Progress {
            family,
            source: 0,
            index: 0,
            is_empty: true,
        });
        0
    }

    /// Writes the next series of a family, or ends it.
    fn write_series(&mut self, mut progress: Progress) -> usize {
        let Some(source) = progress.family.sources.get(progress.source) else {
            self.out.end_family(progress.is_empty);
            return 0;
        };
        let width = source.width();
        if progress.index == source.len() {
            (progress.source, progress.index) = (progress.source + 1, 0);
        } else {
            if let Some((labels, sample)) = source.read(progress.index, &mut self.buffer) {
                let out = self.out.family_buffer();
                self.writer.write_series(labels, sample, out);
                progress.is_empty = false;
            }
            progress.index += 1;
        }
        self.family = Some(progress);
        width
    }
}

/// What is written, cut into pieces.
struct Output {
    /// To be taken.
    ready: VecDeque<Bytes>,
    /// What comes after that.
    chunk: Chunk,
    /// If a family's length stands before it, how that is written. The family is then held until it is whole.
    push_length: Option<fn(&mut Vec<u8>, u64)>,
    held: VecDeque<Bytes>,
    held_chunk: Chunk,
}

impl Output {
    fn new(format: &Format, pool: &Arc<Pool>) -> Self {
        Self {
            ready: VecDeque::new(),
            chunk: Chunk::new(pool),
            push_length: format.push_length,
            held: VecDeque::new(),
            held_chunk: Chunk::new(pool),
        }
    }

    fn family_buffer(&mut self) -> &mut Vec<u8> {
        match self.push_length {
            Some(_) => &mut self.held_chunk.buffer,
            None => &mut self.chunk.buffer,
        }
    }

    /// Makes pieces of what is enough for one.
    fn cut(&mut self) {
        if self.chunk.is_full() {
            self.ready.push_back(self.chunk.take());
        }
        if self.held_chunk.is_full() {
            self.held.push_back(self.held_chunk.take());
        }
    }

    /// Makes a piece of what there is.
    fn flush(&mut self) {
        if !self.chunk.buffer.is_empty() {
            self.ready.push_back(self.chunk.take());
        }
    }

    /// Puts a family that was held after its length. One without series is left out then.
    fn end_family(&mut self, is_empty: bool) {
        let Some(push_length) = self.push_length else {
            return;
        };
        if is_empty {
            self.held_chunk.buffer.clear();
            return;
        }
        let held: usize = self.held.iter().map(Bytes::len).sum();
        let length = held + self.held_chunk.buffer.len();
        push_length(&mut self.chunk.buffer, length as u64);
        if !self.held.is_empty() {
            self.flush();
            self.ready.append(&mut self.held);
        }
        self.chunk.buffer.append(&mut self.held_chunk.buffer);
    }
}
