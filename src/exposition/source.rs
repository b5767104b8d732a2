use super::chunk::Pool;
use crate::gather::LayerFamilies;
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What is exposed.
pub(super) struct Source {
    pub(super) registry: Option<Registry>,
    pub(super) layer: Option<LayerFamilies>,
    /// The layer's, if there is one.
    pub(super) clock: Option<Clock>,
    pub(super) pool: Arc<Pool>,
    /// Only the scrape that holds it is prepared. Tokio's semaphore needs no Tokio runtime.
    pub(super) permit: Semaphore,
}
