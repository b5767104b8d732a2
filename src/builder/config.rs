use super::MetricsLayerBuilder;
use crate::{
    Buckets, BuildError, Exposition, MetricsLayer, exposition,
    gather::{HistogramBounds, LayerFamilies, Source},
    histogram::{Bins, NativeBuckets},
    label::{Peers, RouteSettings, Routes},
    naming::{Convention, Naming, Role, Settings},
    request::{ExemplarOf, Recorder, VersionFrom},
    store::{Store, StoreSettings},
};
use prometheus_client::registry::Registry;
use quanta::Clock;

/// A configuration that is valid.
pub(super) struct Config {
    pub(super) convention: Convention,
    pub(super) constant_labels: Vec<(String, String)>,
    pub(super) native: Option<NativeBuckets>,
    /// Whether anything is measured and exposed.
    pub(crate) enabled: bool,
    buckets: Buckets,
    routes: RouteSettings,
    shows_versions: bool,
    max_label_sets: usize,
    exemplar_of: Option<ExemplarOf>,
    clock: Option<Clock>,
}

impl Config {
    /// Without checks, for a builder of which nothing was configured or everything was checked.
    pub(super) fn new(builder: MetricsLayerBuilder) -> Self {
        let settings = Settings {
            naming: builder.naming,
            role: match builder.client {
                true => Role::Client,
                false => Role::Server,
            },
            namespace: builder.namespace,
            label_names: builder.label_names,
            peers: !builder.peers.is_empty(),
            scheme: builder.scheme,
        };
        Self {
            convention: Convention::new(&settings),
            constant_labels: builder.constant_labels,
            native: None,
            enabled: builder.enabled,
            buckets: builder.buckets,
            routes: RouteSettings {
                skipped: builder.skipped,
                templates: builder.templates,
                streams: builder.streams,
                services: builder.services,
                unnamed_methods: builder.naming == Naming::OpenTelemetry,
                client: builder.client,
                peers: Peers::new(builder.peers),
            },
            shows_versions: builder.naming == Naming::OpenTelemetry,
            max_label_sets: builder.max_label_sets,
            exemplar_of: builder.exemplar_of,
            clock: builder.clock,
        }
    }

    pub(super) fn into_pair(self) -> (MetricsLayer, Exposition) {
        let (layer, families, recorder) = self.into_families();
        let clock = recorder.clock.clone();
        (layer, Exposition::with_layer(None, families, clock))
    }

    pub(super) fn into_pair_with(
        self,
        registry: Registry,
    ) -> Result<(MetricsLayer, Exposition), BuildError> {
        let (layer, families, recorder) = self.into_families();
        exposition::check_registry(&registry, &families)?;
        let clock = recorder.clock.clone();
        let exposition = Exposition::with_layer(Some(registry), families, clock);
        Ok((layer, exposition))
    }

    pub(super) fn register(self, registry: &mut Registry) -> Result<MetricsLayer, BuildError> {
        let (layer, families, _) = self.into_families();
        exposition::register(families, registry)?;
        Ok(layer)
    }

    fn into_families(self) -> (MetricsLayer, LayerFamilies, &'static Recorder) {
        let native = self.native.clone();
        let durations = match self.native {
            Some(native) => Bins::Native(native),
            None => Bins::Classic(self.buckets.nanos()),
        };
        let recorder: &'static Recorder = Box::leak(Box::new(Recorder {
            clock: self.clock.unwrap_or_default(),
            routes: Routes::new(self.routes),
            store: Store::new(StoreSettings {
                measures: Box::new([durations]),
                has_exemplars: self.exemplar_of.is_some(),
                max_label_sets: self.max_label_sets,
            }),
            exemplar: self.exemplar_of,
            version_from: match (self.shows_versions, self.convention.role) {
                (false, _) => VersionFrom::Nobody,
                (true, Role::Server) => VersionFrom::Request,
                (true, Role::Client) => VersionFrom::Response,
            },
        }));
        let layer = MetricsLayer::new(recorder);
        let source = Source {
            store: &recorder.store,
            routes: &recorder.routes,
        };
        let families = LayerFamilies::new(
            source,
            self.convention,
            vec![HistogramBounds::new(&self.buckets, native)],
            &self.constant_labels,
        );
        (layer, families, recorder)
    }
}
