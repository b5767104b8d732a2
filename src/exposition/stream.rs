use super::chunk::{Chunk, Pool};
use crate::{
    format::{Format, Writer},
    model::{Family, SeriesBuffer},
};
use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc, task::Poll, vec};

/// How many numbers are read before other work gets its turn.
const NUMBERS_PER_STRETCH: usize = 30_000;
/// What beginning a family or writing a series costs beside that, in numbers read.
const NUMBERS_PER_SERIES: usize = 50;

/// Families that are written as they are taken, in pieces.
pub(super) struct Stream {
    families: vec::IntoIter<Family>,
    /// The family that is being written, and how far.
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
        let mut stream = Self::by(families, (format.writer)(), pool);
        stream.out.push_length = format.push_length;
        stream
    }

    /// Families as that writer writes them, one after the other.
    pub(super) fn by(families: Vec<Family>, writer: Box<dyn Writer>, pool: &Arc<Pool>) -> Self {
        Self {
            families: families.into_iter(),
            family: None,
            writer,
            buffer: SeriesBuffer::default(),
            out: Output::new(pool),
            ended: false,
        }
    }

    /// The next piece, or `None` after the last one. Pending if other work is to get its turn first.
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

    /// Writes a bit more, and says how many numbers were read.
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
            self.writer.end(self.out.last.buffer());
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
    /// Pieces to be taken.
    ready: VecDeque<Bytes>,
    /// The piece after these, as far as it is written.
    last: Piece,
    /// Writes the length of a family, if the format puts that before it. A family is then held back until it is whole.
    push_length: Option<fn(&mut Vec<u8>, u64)>,
    held: VecDeque<Bytes>,
    last_held: Piece,
}

/// A piece that is being written. It has no buffer before it needs one: the one that was sent last may be back then.
struct Piece {
    chunk: Option<Chunk>,
    pool: Arc<Pool>,
}

impl Output {
    fn new(pool: &Arc<Pool>) -> Self {
        Self {
            ready: VecDeque::new(),
            last: Piece::new(pool),
            push_length: None,
            held: VecDeque::new(),
            last_held: Piece::new(pool),
        }
    }

    fn family_buffer(&mut self) -> &mut Vec<u8> {
        match self.push_length {
            Some(_) => self.last_held.buffer(),
            None => self.last.buffer(),
        }
    }

    /// Turns full chunks into pieces.
    fn cut(&mut self) {
        if self.last.is_full() {
            self.ready.extend(self.last.take());
        }
        if self.last_held.is_full() {
            self.held.extend(self.last_held.take());
        }
    }

    /// Turns what is written so far into a piece.
    fn flush(&mut self) {
        self.ready.extend(self.last.take());
    }

    /// Writes the length of a family that was held back, and then the family. One without series is left out.
    fn end_family(&mut self, is_empty: bool) {
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

    fn buffer(&mut self) -> &mut Vec<u8> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Number, Sample, Series};

    /// A format that is its series, with as many bytes each as their labels have, or with their length before them.
    struct Plain;

    impl Writer for Plain {
        fn begin_family(&mut self, _: &Family, _: &mut Vec<u8>) {}

        fn write_series(&mut self, labels: &str, _: &Sample, out: &mut Vec<u8>) {
            out.extend_from_slice(labels.as_bytes());
        }

        fn end(&mut self, out: &mut Vec<u8>) {
            out.extend_from_slice(b"end");
        }
    }

    fn format(push_length: Option<fn(&mut Vec<u8>, u64)>) -> Format {
        Format {
            media_type: ("", ""),
            parameters: &[],
            content_type: "",
            rank: 0,
            is_text: true,
            writer: || Box::new(Plain),
            push_length,
        }
    }

    fn family(lengths: &[usize]) -> Family {
        let sample = || Sample::number(Number::Unsigned(0));
        let series = lengths.iter().map(|length| ("x".repeat(*length), sample()));
        let series: Vec<_> = series.collect();
        let sources: Vec<Box<dyn Series>> = vec![Box::new(series), Box::new(Vec::new())];
        Family {
            name: "a".into(),
            help: "A.".into(),
            unit: None,
            kind: Kind::Gauge,
            names: None,
            sources,
        }
    }

    fn all(families: &[&[usize]], format: &Format) -> String {
        let families = families.iter().map(|lengths| family(lengths)).collect();
        let mut stream = Stream::new(families, format, &Arc::default());
        let mut all = Vec::new();
        loop {
            match stream.poll_next() {
                Poll::Pending => {}
                Poll::Ready(None) => break,
                Poll::Ready(Some(piece)) => {
                    assert!(!piece.is_empty());
                    all.extend_from_slice(&piece);
                }
            }
        }
        assert!(stream.is_ended());
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn a_family_that_is_held_has_its_length_before_it_however_it_is_cut() {
        use crate::exposition::chunk::SIZE;
        let plain = format(None);
        let held = format(Some(|out, length| {
            out.extend_from_slice(format!("<{length}>").as_bytes());
        }));
        let big = [1_000; 500];
        for lengths in [
            &[1, 2][..],
            &[SIZE],
            &[SIZE, SIZE],
            &[SIZE, 1],
            &[SIZE - 1, 1],
            &big,
        ] {
            let total: usize = lengths.iter().sum();
            let text = "x".repeat(total);
            let written = all(&[&[], lengths, &[], &[3], lengths], &plain);
            assert_eq!(written, format!("{text}xxx{text}end"));
            let written = all(&[&[], lengths, &[], &[3], lengths], &held);
            assert_eq!(written, format!("<{total}>{text}<3>xxx<{total}>{text}end"));
        }
    }
}
