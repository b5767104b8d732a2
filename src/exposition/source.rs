use super::{
    chunk::Pool,
    instruments::Instruments,
    registration::{check_foreign, no_duplicate},
};
use crate::{
    BuildError, ScrapeError,
    gather::{Difference, FamilySource, Snapshot, find_duplicate, merge},
    model::{Family, FamilyNames, Kind},
    registry::{self, Foreign},
    sync::{List, lock, yield_now},
};
use quanta::Clock;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How many families' names are compared before other work gets its turn.
const NAMES_PER_STRETCH: usize = 512;

/// What is exposed.
pub(super) struct Source {
    /// What others count, in the order in which it came.
    foreign: List<Foreign>,
    /// Those of layers, in the order in which they came.
    layers: List<Layer>,
    /// The layer's, if there is one.
    pub(super) clock: Option<Clock>,
    adding: Mutex<()>,
    pub(super) pool: Arc<Pool>,
    /// Only the scrape that holds it is prepared. Tokio's semaphore needs no Tokio runtime.
    pub(super) permit: Semaphore,
    /// That it is pushed to.
    #[cfg(feature = "otlp")]
    pub(super) receivers: super::export_counts::Receivers,
}

/// The families of one layer.
struct Layer {
    families: Box<dyn FamilySource>,
    /// Whether some of its series may be those of another layer, too.
    overlaps: bool,
}

impl Source {
    pub(super) fn new(
        foreign: Vec<Foreign>,
        layer: Option<Box<dyn FamilySource>>,
        clock: Option<Clock>,
    ) -> Self {
        let layers = List::new();
        if let Some(families) = layer {
            let overlaps = false;
            layers.push(Layer { families, overlaps });
        }
        let source = Self {
            foreign: List::new(),
            layers,
            adding: Mutex::new(()),
            clock,
            pool: Arc::default(),
            permit: Semaphore::new(1),
            #[cfg(feature = "otlp")]
            receivers: Default::default(),
        };
        for foreign in foreign {
            source.show(foreign);
        }
        source
    }

    /// Adds something that others count.
    pub(super) fn show(&self, foreign: Foreign) {
        self.foreign.push(foreign);
    }

    /// Adds the families of one more layer.
    pub(super) fn add(&self, families: Box<dyn FamilySource>) -> Result<(), BuildError> {
        // Two that are added at the same time are checked against each other.
        let _adding = lock(&self.adding);
        let overlaps = self.check(&*families)?;
        self.layers.push(Layer { families, overlaps });
        Ok(())
    }

    /// Whether some series may be those of another layer, too, and can be added up.
    fn check(&self, new: &dyn FamilySource) -> Result<bool, BuildError> {
        for foreign in self.foreign() {
            check_foreign(foreign, new)?;
        }
        let mut overlaps = false;
        for layer in self.layers() {
            let known = layer.families.names();
            let is_known = |family: &(String, Kind)| known.contains(family);
            let (shared, others): (Vec<_>, Vec<_>) = new.names().into_iter().partition(is_known);
            no_duplicate(find_duplicate(&known, &others))?;
            let difference = new.identity().difference(layer.families.identity());
            match (shared.into_iter().next(), difference) {
                (None, _) | (_, Difference::Always) => {}
                (_, Difference::ByPeer) => overlaps = true,
                (Some((family, _)), Difference::None) => {
                    return Err(BuildError::SameSeries { family });
                }
            }
        }
        Ok(overlaps)
    }

    fn foreign(&self) -> impl Iterator<Item = &Foreign> {
        (0..self.foreign.len()).filter_map(|index| self.foreign.get(index))
    }

    /// The families of each layer.
    #[cfg(feature = "page")]
    pub(super) fn family_sources(&self) -> impl Iterator<Item = &dyn FamilySource> {
        self.layers().map(|layer| &*layer.families)
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        (0..self.layers.len()).filter_map(|index| self.layers.get(index))
    }

    /// Adds what the layers have counted to a snapshot.
    pub(super) fn read(&self, snapshot: &mut Snapshot) {
        self.layers()
            .for_each(|layer| layer.families.read(snapshot));
    }

    /// The families of others, of the layers, and of the endpoint itself, as they are now.
    pub(super) async fn families(
        &self,
        instruments: Option<&Instruments>,
    ) -> Result<Vec<Family>, ScrapeError> {
        let mut families = Vec::new();
        for foreign in self.foreign() {
            families.append(&mut foreign.read().await?);
        }
        let mut of_layers = Vec::new();
        for Layer { families, overlaps } in self.layers() {
            merge(&mut of_layers, families.gather().await, *overlaps).await;
        }
        families.append(&mut of_layers);
        if let Some(instruments) = instruments {
            families.append(&mut registry::read(instruments.registry()).await?);
        }
        #[cfg(feature = "otlp")]
        families.append(&mut self.receivers.families());
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
