use super::{ExpositionBody, instruments::Instruments, source::Source, stream::Stream};
use crate::{ScrapeError, format::Format, model::Family};
#[cfg(feature = "page")]
use crate::{format::Writer, gather::FamilySource};
#[cfg(feature = "page")]
use quanta::Clock;
use std::sync::Arc;
use tokio::sync::SemaphorePermit;

/// Reads what is exposed, for the endpoint, and for who shows it in another way.
#[derive(Clone)]
pub(crate) struct Reader {
    source: Arc<Source>,
    instruments: Option<Arc<Instruments>>,
}

impl Reader {
    pub(super) fn new(source: &Arc<Source>, instruments: Option<&Arc<Instruments>>) -> Self {
        Self {
            source: Arc::clone(source),
            instruments: instruments.cloned(),
        }
    }

    /// The layer's clock, if there is one.
    #[cfg(feature = "page")]
    pub(crate) fn clock(&self) -> Clock {
        self.source.clock.clone().unwrap_or_default()
    }

    /// Waits for its turn among the scrapes, which lasts as long as what this returns.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes the semaphore.
        self.source.permit.acquire().await.ok()
    }

    /// All families as they are now.
    pub(crate) async fn families(&self) -> Result<Vec<Family>, ScrapeError> {
        self.source.families(self.instruments.as_deref()).await
    }

    /// Where the families come from, but those of the registry and of the endpoint itself.
    #[cfg(feature = "page")]
    pub(crate) fn family_sources(&self) -> impl Iterator<Item = &dyn FamilySource> {
        self.source.family_sources()
    }

    /// Families that are written in a format as they are sent.
    pub(super) fn body_in(&self, families: Vec<Family>, format: &Format) -> ExpositionBody {
        ExpositionBody::stream(Stream::new(families, format, &self.source.pool))
    }

    /// Families that are written by a writer as they are sent.
    #[cfg(feature = "page")]
    pub(crate) fn body(&self, families: Vec<Family>, writer: Box<dyn Writer>) -> ExpositionBody {
        ExpositionBody::stream(Stream::by(families, writer, &self.source.pool))
    }
}
