use super::{chunk::Pool, output::Output};
use crate::{
    format::{Format, Writer},
    model::{Family, SeriesBuffer},
};
use bytes::Bytes;
use std::{sync::Arc, task::Poll, vec};

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
