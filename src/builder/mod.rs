//! What can be configured: setters, then checks, then a configuration that is valid, and the layer made of it.

mod checks;
mod config;
mod measures;
mod setters;

use self::{config::Config, measures::Measures};
use crate::{
    BuildError, BuildInfo, Exposition, MetricsLayer,
    label::RouteSettings,
    naming::{Naming, Settings},
    registry::Foreign,
    request::{ExemplarOf, Expected},
};
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::fmt;

/// Builder of a [`MetricsLayer`].
///
/// The memory that a layer records into lives until the process ends, and is not freed with the layer: build layers at
/// startup, not for each request.
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
#[must_use]
pub struct MetricsLayerBuilder {
    naming: Naming,
    names: Settings,
    constant_labels: Vec<(String, String)>,
    routes: RouteSettings,
    max_label_sets: usize,
    expected: Vec<Expected>,
    #[cfg(feature = "grpc-descriptors")]
    descriptors: Vec<Vec<u8>>,
    measures: Measures,
    exemplar_of: Option<ExemplarOf>,
    clock: Option<Clock>,
    registry: Option<Registry>,
    foreign: Vec<Foreign>,
    /// Version and revision.
    build: Option<(String, String)>,
    /// The last of the setters that are for endpoints of the layer's own.
    endpoint_setting: Option<&'static str>,
    enabled: bool,
}

impl Default for MetricsLayerBuilder {
    fn default() -> Self {
        Self {
            naming: Naming::default(),
            names: Settings::default(),
            constant_labels: Vec::new(),
            routes: RouteSettings::default(),
            max_label_sets: 4_000,
            expected: Vec::new(),
            #[cfg(feature = "grpc-descriptors")]
            descriptors: Vec::new(),
            measures: Measures::default(),
            exemplar_of: None,
            clock: None,
            registry: None,
            foreign: Vec::new(),
            build: None,
            endpoint_setting: None,
            enabled: true,
        }
    }
}

impl MetricsLayer {
    /// A layer with the default configuration, and the endpoint that exposes what it records.
    ///
    /// The same as `MetricsLayer::builder().pair()`, which cannot fail when nothing is configured.
    pub fn pair() -> (Self, Exposition) {
        let builder = MetricsLayerBuilder::default();
        let bounds = builder.measures.bounds().unwrap_or_default();
        builder.into_config(bounds).into_pair()
    }

    /// A builder with the default configuration.
    pub fn builder() -> MetricsLayerBuilder {
        MetricsLayerBuilder::default()
    }
}

impl MetricsLayerBuilder {
    /// The layer, and the endpoint that exposes what it records, beside the [`registry`](Self::registry)
    /// if there is one.
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, or if the registry already has a family of the same name. If such
    /// a family is registered later, or has no data yet, the scrape finds it and answers 500. If the layer is not
    /// [`enabled`](Self::enabled), the registry is not checked.
    pub fn pair(mut self) -> Result<(MetricsLayer, Exposition), BuildError> {
        let foreign = self.take_foreign();
        let config = self.validate()?;
        if !config.enabled {
            return Ok((MetricsLayer::disabled(), Exposition::disabled()));
        }
        config.into_pair_with(foreign)
    }

    /// The layer, exposed by an existing endpoint: that of another layer, or of a registry.
    ///
    /// Families of the same name become one family with the series of all layers. Each layer keeps its own buckets,
    /// budget, exemplars and native histogram. Their series must differ by a [`constant_label`](Self::constant_label),
    /// or because one layer measures incoming requests and the other outgoing ones. Clients with the same buckets may
    /// also differ by their [`peers`](Self::peers); their requests to unlisted peers are added up.
    ///
    /// Without a [`clock`](Self::clock) of its own, the layer uses the endpoint's. If the endpoint is
    /// [`disabled`](Exposition::disabled), so is the layer.
    ///
    /// # Errors
    ///
    /// If a setting is not valid, if [`registry`](Self::registry) or another setting of a layer's own endpoint was
    /// used, if another layer's series could be the same, or if the endpoint's registry has a family of the same name.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (incoming, exposition) = MetricsLayer::pair();
    /// let outgoing = MetricsLayer::builder().client().expose_on(&exposition)?;
    /// # let _ = (incoming, outgoing);
    ///
    /// let text = exposition.render().unwrap();
    /// assert!(text.contains("# TYPE http_requests_in_flight gauge\n"));
    /// assert!(text.contains("# TYPE http_client_requests_in_flight gauge\n"));
    ///
    /// let again = MetricsLayer::builder().expose_on(&exposition).unwrap_err();
    /// assert!(again.to_string().contains("constant_label"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn expose_on(self, exposition: &Exposition) -> Result<MetricsLayer, BuildError> {
        let config = self.validate_without_registry(BuildError::RegistryNotExposed)?;
        if !config.enabled || exposition.is_disabled() {
            return Ok(MetricsLayer::disabled());
        }
        config.expose_on(exposition)
    }

    /// The layer, registered with a registry that is exposed elsewhere, or by
    /// [`Exposition::new`](crate::Exposition::new).
    ///
    /// # Errors
    ///
    /// If a setting is not valid, if [`registry`](Self::registry) or another setting of a layer's own endpoint was
    /// used, or if the registry already has a family of the same name. The registry is then unchanged, as it is if the
    /// layer is not [`enabled`](Self::enabled).
    ///
    /// A registry does not say which labels it adds, nor a sub-registry what its siblings have: a label or a family that
    /// is there twice for that reason is only found by the scrape.
    ///
    /// ```
    /// use prometheus_client::{encoding::text::encode, registry::Registry};
    /// use tower_red::MetricsLayer;
    ///
    /// let mut registry = Registry::default();
    /// let metrics = MetricsLayer::builder().register(&mut registry)?;
    /// # let _ = metrics;
    /// let mut text = String::new();
    /// encode(&mut text, &registry)?;
    /// assert!(text.contains("http_requests_in_flight"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register(self, registry: &mut Registry) -> Result<MetricsLayer, BuildError> {
        let config = self.validate_without_registry(BuildError::TwoRegistries)?;
        if !config.enabled {
            return Ok(MetricsLayer::disabled());
        }
        config.register(registry)
    }

    /// For layers that something else exposes, which has its own registry.
    fn validate_without_registry(self, otherwise: BuildError) -> Result<Config, BuildError> {
        let has_registry = self.registry.is_some();
        let endpoint_setting = self.endpoint_setting;
        let config = self.validate()?;
        match endpoint_setting {
            _ if has_registry => Err(otherwise),
            Some(setting) => Err(BuildError::NoEndpoint { setting }),
            None => Ok(config),
        }
    }

    /// What others count, in the order in which it is exposed.
    fn take_foreign(&mut self) -> Vec<Foreign> {
        let registry = self.registry.take().map(Foreign::Registry);
        let build = self.build.take().map(|(version, revision)| {
            let build = BuildInfo::new(version, revision);
            Foreign::collector(match &self.names.namespace {
                Some(namespace) => build.namespace(namespace),
                None => build,
            })
        });
        let foreign = registry.into_iter().chain(build);
        foreign.chain(self.foreign.drain(..)).collect()
    }
}

impl fmt::Debug for MetricsLayerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayerBuilder")
            .field("buckets", &self.measures.durations)
            .field("naming", &self.naming)
            .field("namespace", &self.names.namespace)
            .field("skip", &self.routes.skipped)
            .field("routes", &self.routes.templates)
            .field("streams", &self.routes.streams)
            .field("grpc_services", &self.routes.services)
            .field("client", &self.routes.client)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}
