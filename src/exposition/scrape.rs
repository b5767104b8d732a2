use super::{
    Families, Source,
    chunks::Chunks,
    error::ScrapeError,
    library,
    names::Names,
    text::{Dialect, Writer},
};
use crate::store::{Collecting, Snapshot};
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
    stage: Stage,
}

/// What comes next.
enum Stage {
    Registry,
    Collect(Arc<Families>, Collecting),
    Project(Arc<Families>, Snapshot),
    Write(Box<Writer>),
    Done,
}

impl Scrape {
    pub(super) fn new(source: Arc<Source>, dialect: Dialect) -> Self {
        let out = Chunks::new(Arc::clone(&source.pool));
        Self {
            source,
            dialect,
            out,
            stage: Stage::Registry,
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        self.dialect.content_type()
    }

    /// Does a piece of the work. `true` once everything is written.
    pub(super) fn work(&mut self) -> Result<bool, ScrapeError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Registry => self.write_registry()?,
            Stage::Collect(families, mut collecting) => {
                match families.collect_some(&mut collecting) {
                    Some(snapshot) => Stage::Project(families, snapshot),
                    None => Stage::Collect(families, collecting),
                }
            }
            Stage::Project(families, snapshot) => match families.project_some() {
                Some(projection) => {
                    let writer = Writer::new(families, self.dialect, snapshot, projection);
                    Stage::Write(Box::new(writer))
                }
                None => Stage::Project(families, snapshot),
            },
            Stage::Write(writer) => self.write_families(writer),
            Stage::Done => Stage::Done,
        };
        Ok(matches!(self.stage, Stage::Done))
    }

    /// The registry goes first, in the one call that the library has for it.
    fn write_registry(&mut self) -> Result<Stage, ScrapeError> {
        let mut names = Names::default();
        if let Some(registry) = &self.source.registry {
            let mut text = String::new();
            encode_registry(&mut text, registry).map_err(|_| ScrapeError::Encode)?;
            library::copy(&text, self.dialect, &mut names, &mut self.out)?;
        }
        let Some(families) = &self.source.families else {
            return Ok(Stage::Done);
        };
        families.take_names(&mut names)?;
        Ok(Stage::Collect(Arc::clone(families), families.collect()))
    }

    fn write_families(&mut self, mut writer: Box<Writer>) -> Stage {
        for _ in 0..CHUNKS_PER_PIECE {
            if !writer.write_some(&mut self.out) {
                return Stage::Done;
            }
        }
        Stage::Write(writer)
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        if self.dialect == Dialect::OpenMetrics {
            self.out.push("# EOF\n");
        }
        self.out.finish()
    }
}
