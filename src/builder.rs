use crate::{
    Buckets, BuildError, Exposition, MetricsLayer,
    exposition::{Families, find_duplicate},
    label::route::{Routes, UNMATCHED},
    layer::Shared,
    naming::Naming,
    store::Store,
};
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::{fmt, sync::Arc};

/// Builder of a [`MetricsLayer`].
///
/// What a layer records into lives until the process ends, and is not freed when the layer is dropped: build
/// layers at the start, not by request.
///
/// ```
/// use prometheus_client::{metrics::counter::Counter, registry::Registry};
/// use tower_red::{Buckets, MetricsLayer};
///
/// let mut registry = Registry::default();
/// registry.register("jobs", "Jobs done", Counter::<u64>::default());
///
/// let (metrics, exposition) = MetricsLayer::builder()
///     .namespace("shop")
///     .buckets(Buckets::fast())
///     .skip(["/healthz"])
///     .registry(registry)
///     .pair()?;
/// # let _ = (metrics, exposition);
///
/// let error = MetricsLayer::builder().namespace("my shop").pair().unwrap_err();
/// assert!(error.to_string().contains("\"my shop\""));
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct MetricsLayerBuilder {
    buckets: Buckets,
    namespace: Option<String>,
    skipped: Vec<String>,
    clock: Option<Clock>,
    registry: Option<Registry>,
}

impl MetricsLayerBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The buckets of the duration histogram. Defaults to [`Buckets::default`].
    pub fn buckets(mut self, buckets: Buckets) -> Self {
        self.buckets = buckets;
        self
    }

    /// What all names begin with: `shop` makes `shop_http_requests_total`. Defaults to nothing.
    ///
    /// Letters, digits and underscores, no digit first. Colons are for recording rules.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Routes whose requests are not recorded at all, by their templates: health checks, for one. Added to
    /// those of an earlier call. Defaults to none.
    ///
    /// A route is compared as a whole and as it is known when the request comes in: `/users/{id}` skips
    /// that route, `/users/7` skips nothing. `_unmatched` skips the requests that have no route.
    pub fn skip<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.skipped.extend(routes.into_iter().map(Into::into));
        self
    }

    /// The clock that durations are measured with. Defaults to [`Clock::new`], which takes some ten
    /// milliseconds, up to two hundred, to calibrate the first time in a process. Tests use [`Clock::mock`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// A registry of your own metrics, which [`pair`](Self::pair) exposes on the same endpoint. Defaults to
    /// none.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// The layer, and the endpoint that exposes what it records, beside the [`registry`](Self::registry)
    /// if there is one.
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, or if the registry already has a family of the same
    /// name. A family that gets there later, or that only shows it once it has data, is found by the scrape,
    /// which then answers 500.
    pub fn pair(self) -> Result<(MetricsLayer, Exposition), BuildError> {
        let (config, registry) = self.validate()?;
        let Some(registry) = registry else {
            return Ok(config.into_pair());
        };
        let (layer, families) = config.into_families();
        if let Some(family) = find_duplicate(&registry, &families, false) {
            return Err(BuildError::DuplicateFamily { family });
        }
        Ok((layer, Exposition::with_families(Some(registry), families)))
    }

    /// The layer, registered with a registry that is exposed elsewhere, or by
    /// [`Exposition::new`](crate::Exposition::new).
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, if [`registry`](Self::registry) was used, or if the
    /// registry already has a family of the same name. The registry then exposes what it did before.
    pub fn register(self, registry: &mut Registry) -> Result<MetricsLayer, BuildError> {
        let (config, other) = self.validate()?;
        if other.is_some() {
            return Err(BuildError::TwoRegistries);
        }
        let (layer, families) = config.into_families();
        let families = Arc::new(families);
        registry.register_collector(Box::new(Arc::clone(&families)));
        // Only the registry knows which prefix it puts before our names, so it is asked with us in it.
        if let Some(family) = find_duplicate(registry, &families, true) {
            families.withdraw();
            return Err(BuildError::DuplicateFamily { family });
        }
        Ok(layer)
    }

    fn validate(self) -> Result<(Config, Option<Registry>), BuildError> {
        if let Some(namespace) = self.namespace.as_ref().filter(|name| !is_metric_name(name)) {
            return Err(BuildError::InvalidNamespace {
                namespace: namespace.clone(),
            });
        }
        for route in &self.skipped {
            if let Err(reason) = check_template(route) {
                return Err(BuildError::InvalidSkip {
                    route: route.clone(),
                    reason,
                });
            }
        }
        let config = Config {
            buckets: self.buckets,
            namespace: self.namespace,
            skipped: self.skipped,
            clock: self.clock,
        };
        Ok((config, self.registry))
    }
}

fn is_metric_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(word) && !name.as_bytes()[0].is_ascii_digit()
}

/// Whether axum's router would take it. A template that it refuses can match no request.
fn check_template(route: &str) -> Result<(), String> {
    if route == UNMATCHED {
        return Ok(());
    }
    if !route.starts_with('/') {
        return Err(String::from("it does not begin with `/`"));
    }
    let inserted = matchit::Router::new().insert(route, ());
    inserted.map_err(|error| error.to_string())
}

/// A configuration that is valid.
#[derive(Default)]
pub(crate) struct Config {
    buckets: Buckets,
    namespace: Option<String>,
    skipped: Vec<String>,
    clock: Option<Clock>,
}

impl Config {
    pub(crate) fn into_pair(self) -> (MetricsLayer, Exposition) {
        let (layer, families) = self.into_families();
        (layer, Exposition::with_families(None, families))
    }

    fn into_families(self) -> (MetricsLayer, Families) {
        let naming = Naming::prometheus(self.namespace.as_deref());
        let layer = MetricsLayer::new(Shared {
            clock: self.clock.unwrap_or_default(),
            routes: Routes::new(self.skipped.iter().map(String::as_str)),
            store: Store::new(self.buckets.nanos()),
        });
        let families = Families::new(layer.shared(), naming, self.buckets);
        (layer, families)
    }
}

impl fmt::Debug for MetricsLayerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayerBuilder")
            .field("buckets", &self.buckets)
            .field("namespace", &self.namespace)
            .field("skip", &self.skipped)
            .finish_non_exhaustive()
    }
}
