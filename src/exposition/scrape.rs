use super::{
    Source,
    chunks::Chunks,
    error::ScrapeError,
    library,
    names::Names,
    text::{Dialect, Writer},
};
use bytes::Bytes;
use prometheus_client::encoding::text::encode_registry;
use std::sync::Arc;

/// How many chunks are written before others get their turn.
const CHUNKS_PER_PIECE: usize = 4;

/// One scrape on its way.
pub(super) struct Scrape {
    source: Arc<Source>,
    dialect: Dialect,
    out: Chunks,
    /// Writes our families, once the registry's are written.
    writer: Option<Writer>,
}

impl Scrape {
    pub(super) fn new(source: Arc<Source>, dialect: Dialect) -> Self {
        Self {
            source,
            dialect,
            out: Chunks::default(),
            writer: None,
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        self.dialect.content_type()
    }

    /// Writes a piece. `true` once everything is written.
    pub(super) fn work(&mut self) -> Result<bool, ScrapeError> {
        let Some(writer) = &mut self.writer else {
            return self.begin();
        };
        for _ in 0..CHUNKS_PER_PIECE {
            if !writer.write_some(&mut self.out) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The registry goes first, in the one call that the library has for it. `true` if it is all there is.
    fn begin(&mut self) -> Result<bool, ScrapeError> {
        let mut names = Names::default();
        if let Some(registry) = &self.source.registry {
            let mut text = String::new();
            encode_registry(&mut text, registry).map_err(|_| ScrapeError::Encode)?;
            library::copy(&text, self.dialect, &mut names, &mut self.out)?;
        }
        let Some(families) = &self.source.families else {
            return Ok(true);
        };
        families.take_names(&mut names)?;
        self.writer = Some(Writer::new(Arc::clone(families), self.dialect));
        Ok(false)
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        if self.dialect == Dialect::OpenMetrics {
            self.out.push("# EOF\n");
        }
        self.out.finish()
    }
}
