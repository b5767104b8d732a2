use crate::{format::otlp::Chunks, sync::yield_now};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};

/// Compresses a request, one piece at a time, between which other work gets its turn.
pub(super) async fn gzip(chunks: impl IntoIterator<Item = Bytes>) -> io::Result<Chunks> {
    // The fastest level: the others take many times as long for little.
    let mut encoder = GzEncoder::new(Output::default(), Compression::fast());
    for chunk in chunks {
        encoder.write_all(&chunk)?;
        yield_now().await;
    }
    Ok(encoder.finish()?.0)
}

#[derive(Default)]
struct Output(Chunks);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(|out| out.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
