#[cfg(feature = "protobuf")]
use super::protobuf;
use super::{
    Families,
    chunk::{Chunk, Length, Pool, Sink},
    text::{self, Dialect, Values},
};
use bytes::Bytes;
use std::sync::Arc;

/// An exposition that is taken piece by piece: what is there already, what a writer adds to it then, and what
/// it ends with.
#[derive(Default)]
pub(super) struct Pieces {
    start: Bytes,
    rest: Option<Rest>,
}

pub(super) struct Rest {
    pub(super) writer: Box<Writer>,
    pub(super) end: Vec<u8>,
    pub(super) pool: Arc<Pool>,
}

impl Pieces {
    pub(super) fn new(start: impl Into<Bytes>, rest: Option<Rest>) -> Self {
        Self {
            start: start.into(),
            rest,
        }
    }

    /// The next piece. What is there already is cut at that length.
    pub(super) fn next(&mut self, most: usize) -> Option<Bytes> {
        if !self.start.is_empty() {
            return Some(self.start.split_to(most.min(self.start.len())));
        }
        let rest = self.rest.as_mut()?;
        let mut chunk = Chunk::new(Arc::clone(&rest.pool));
        while !chunk.is_full() {
            if !rest.writer.write_row(&mut chunk) {
                chunk.push_bytes(&rest.end);
                self.rest = None;
                break;
            }
        }
        Some(chunk.into_bytes())
    }

    /// Measures some rows more. `false` once all are, and then the length is that of all pieces.
    pub(super) fn measure(&mut self, rows: usize, length: &mut Length) -> bool {
        if let Some(Rest { writer, end, .. }) = &mut self.rest {
            if (0..rows).all(|_| writer.measure_row(length)) {
                return true;
            }
            writer.begin_again();
            length.push_bytes(end);
        }
        length.0 += self.start.len() as u64;
        false
    }
}

/// Writes the families of a layer, a row at a time.
pub(super) enum Writer {
    Text(text::Writer),
    #[cfg(feature = "protobuf")]
    Protobuf(protobuf::Writer),
}

impl Writer {
    pub(super) fn new(families: Arc<Families>, dialect: Dialect, values: Values) -> Self {
        match dialect {
            #[cfg(feature = "protobuf")]
            Dialect::Protobuf => Self::Protobuf(protobuf::Writer::new(families, values)),
            Dialect::Classic | Dialect::OpenMetrics => {
                Self::Text(text::Writer::new(families, dialect, values))
            }
        }
    }

    /// `false` once all is written.
    fn write_row(&mut self, chunk: &mut Chunk) -> bool {
        match self {
            Self::Text(writer) => writer.write_row(chunk),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(writer) => writer.write_row(chunk),
        }
    }

    /// `false` once all is measured.
    fn measure_row(&mut self, length: &mut Length) -> bool {
        match self {
            Self::Text(writer) => writer.write_row(length),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(writer) => writer.measure_row(length),
        }
    }

    fn begin_again(&mut self) {
        match self {
            Self::Text(writer) => writer.begin_again(),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(writer) => writer.begin_again(),
        }
    }
}
