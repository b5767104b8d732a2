use crate::{
    format::otlp::{Chunks, RequestWriter},
    model::{Family, SeriesBuffer},
    sync::yield_now,
};
use std::vec;

/// The most bytes that a request has, before it is compressed. Many receivers take 4 MiB at most.
const MOST: usize = 3 << 20;
/// How many numbers are read before other work gets its turn.
const NUMBERS_PER_STRETCH: usize = 20_000;
/// What writing a series costs beside that, in numbers read.
const NUMBERS_PER_SERIES: usize = 100;

/// All families of one moment, written into requests one after the other: only one of these is in memory.
pub(super) struct Snapshot {
    families: vec::IntoIter<Family>,
    /// The family that is being written, and how far.
    family: Option<Progress>,
    writer: RequestWriter,
    buffer: SeriesBuffer,
}

struct Progress {
    family: Family,
    source: usize,
    index: usize,
}

impl Snapshot {
    pub(super) fn new(families: Vec<Family>, writer: RequestWriter) -> Self {
        Self {
            families: families.into_iter(),
            family: None,
            writer,
            buffer: SeriesBuffer::default(),
        }
    }

    /// The next request; `None` if there is nothing left to send.
    pub(super) async fn next_request(&mut self) -> Option<Chunks> {
        let mut numbers = 0;
        while self.writer.len() < MOST {
            if numbers > NUMBERS_PER_STRETCH {
                numbers = 0;
                yield_now().await;
            }
            match self.write_some() {
                Some(read) => numbers += NUMBERS_PER_SERIES + read,
                None => break,
            }
        }
        self.writer.end_request()
    }

    /// Writes the next series, and says how many numbers were read. `None` once there is no other.
    fn write_some(&mut self) -> Option<usize> {
        let Some(progress) = &mut self.family else {
            let family = self.families.next()?;
            self.writer.begin_family(&family);
            self.family = Some(Progress {
                family,
                source: 0,
                index: 0,
            });
            return Some(0);
        };
        let Some(source) = progress.family.sources.get(progress.source) else {
            self.family = None;
            return Some(0);
        };
        if progress.index == source.len() {
            (progress.source, progress.index) = (progress.source + 1, 0);
            return Some(0);
        }
        if let Some((labels, sample)) = source.read(progress.index, &mut self.buffer) {
            self.writer.write_series(labels, sample);
        }
        progress.index += 1;
        Some(source.width())
    }
}
