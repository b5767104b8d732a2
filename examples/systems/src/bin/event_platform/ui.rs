use crate::{kind::Kind, stats::Stats};
use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tower_red::{BuildError, Exposition, LabelNames, MetricsLayer};
use tower_red_systems::Problem;

/// The back end of the user interface.
#[derive(Clone)]
pub(crate) struct Ui {
    stats: Stats,
    cache: Arc<Mutex<HashMap<Kind, (Instant, u64)>>>,
    /// How long what is cached is good enough.
    fresh: Duration,
    metrics: UiMetrics,
}

/// What it counts beside its requests.
#[derive(Clone, Default)]
pub(crate) struct UiMetrics {
    hits: Counter,
    misses: Counter,
}

impl UiMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let ui = Self::default();
        let registry = registry.sub_registry_with_prefix("lynex_ui");
        registry.register("cache_hits", "Counts found in the cache", ui.hits.clone());
        let help = "Counts that the cache did not have";
        registry.register("cache_misses", help, ui.misses.clone());
        ui
    }
}

/// The layer of its requests.
pub(crate) fn layer(exposition: &Exposition) -> Result<MetricsLayer, BuildError> {
    MetricsLayer::builder()
        .namespace("lynex_ui")
        .label_names(
            LabelNames::default()
                .route("endpoint")
                .status("status_code"),
        )
        .expose_on(exposition)
}

impl Ui {
    pub(crate) fn new(stats: Stats, fresh: Duration, metrics: UiMetrics) -> Self {
        Self {
            stats,
            cache: Arc::default(),
            fresh,
            metrics,
        }
    }

    pub(crate) fn router(self) -> Router {
        let events = Router::new().route("/v1/events/{kind}/count", get(count));
        events.with_state(self)
    }

    fn events(&self, kind: Kind) -> u64 {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = cache.get(&kind);
        let cached = cached.filter(|(read, _)| read.elapsed() < self.fresh);
        if let Some((_, events)) = cached {
            self.metrics.hits.inc();
            return *events;
        }
        self.metrics.misses.inc();
        let events = self.stats.events(kind);
        cache.insert(kind, (Instant::now(), events));
        events
    }
}

/// How many events of a kind were processed.
async fn count(State(ui): State<Ui>, Path(kind): Path<String>) -> Result<String, Problem> {
    let kind = Kind::named(&kind).ok_or(Problem::NOT_FOUND)?;
    Ok(ui.events(kind).to_string())
}
