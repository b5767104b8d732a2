use super::{chunk::Pool, instruments::Instruments};
use crate::{
    ScrapeError,
    gather::FamilySource,
    model::{Family, FamilyNames},
    registry,
    sync::yield_now,
};
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many families' names are compared before other work gets its turn.
const NAMES_PER_STRETCH: usize = 512;

/// What is exposed.
pub(super) struct Source {
    pub(super) registry: Option<Registry>,
    pub(super) layer: Option<Box<dyn FamilySource>>,
    /// The layer's, if there is one.
    pub(super) clock: Option<Clock>,
    pub(super) pool: Arc<Pool>,
    /// Only the scrape that holds it is prepared. Tokio's semaphore needs no Tokio runtime.
    pub(super) permit: Semaphore,
}

impl Source {
    /// The families of the registry, of the layer, and of the endpoint itself, as they are now.
    pub(super) async fn families(
        &self,
        instruments: Option<&Instruments>,
    ) -> Result<Vec<Family>, ScrapeError> {
        let mut families = Vec::new();
        if let Some(registry) = &self.registry {
            families.append(&mut registry::read(registry).await?);
        }
        if let Some(layer) = &self.layer {
            families.append(&mut layer.gather().await);
        }
        if let Some(instruments) = instruments {
            families.append(&mut registry::read(instruments.registry()).await?);
        }
        let mut names = FamilyNames::default();
        for families in families.chunks(NAMES_PER_STRETCH) {
            for family in families {
                names.take(&family.name, family.kind)?;
            }
            yield_now().await;
        }
        Ok(families)
    }
}
