use crate::{
    BuildError, Exposition, MetricsLayer, exposition,
    gather::{HistogramBounds, HttpSchema, Identity, StoreFamilies},
    label::{RouteSettings, Routes},
    naming::{Convention, Role},
    registry::Foreign,
    request::{Amounts, ExemplarOf, Expected, Flags, Recorder, VersionFrom},
    store::{Store, StoreSettings},
};
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::collections::HashMap;

/// A configuration that is valid.
pub(super) struct Config {
    pub(super) convention: Convention,
    pub(super) constant_labels: Vec<(String, String)>,
    /// Whether anything is measured and exposed.
    pub(super) enabled: bool,
    pub(super) amounts: Amounts,
    /// By amount.
    pub(super) bounds: Vec<HistogramBounds>,
    /// Which of the durations' bounds a route shows, if not the first.
    pub(super) bounds_of_routes: HashMap<String, usize>,
    pub(super) routes: RouteSettings,
    pub(super) shows_versions: bool,
    /// The requests whose series are there from the start.
    pub(super) expected: Vec<Expected>,
    pub(super) exemplar_of: Option<ExemplarOf>,
    pub(super) clock: Option<Clock>,
}

impl Config {
    pub(super) fn into_pair(self) -> (MetricsLayer, Exposition) {
        let (layer, families, recorder) = self.into_families();
        let clock = recorder.clock.clone();
        (
            layer,
            Exposition::with_layer(Vec::new(), Box::new(families), clock),
        )
    }

    pub(super) fn into_pair_with(
        self,
        foreign: Vec<Foreign>,
    ) -> Result<(MetricsLayer, Exposition), BuildError> {
        let (layer, families, recorder) = self.into_families();
        for foreign in &foreign {
            exposition::check_foreign(foreign, &families)?;
        }
        let clock = recorder.clock.clone();
        let exposition = Exposition::with_layer(foreign, Box::new(families), clock);
        Ok((layer, exposition))
    }

    pub(super) fn expose_on(mut self, exposition: &Exposition) -> Result<MetricsLayer, BuildError> {
        self.clock = self.clock.or_else(|| exposition.clock());
        let (layer, families, _) = self.into_families();
        exposition.add(Box::new(families))?;
        Ok(layer)
    }

    pub(super) fn register(self, registry: &mut Registry) -> Result<MetricsLayer, BuildError> {
        let (layer, families, _) = self.into_families();
        exposition::register(families, registry)?;
        Ok(layer)
    }

    fn into_families(self) -> (MetricsLayer, StoreFamilies<HttpSchema>, &'static Recorder) {
        let peers = self.routes.peers.clone();
        let max_label_sets = self.routes.max_label_sets;
        let routes = Routes::new(self.routes);
        let version_from = match (self.shows_versions, self.convention.role()) {
            (false, _) => VersionFrom::Nobody,
            (true, Role::Server) => VersionFrom::Request,
            (true, Role::Client) => VersionFrom::Response,
        };
        let asks_extras = self.exemplar_of.is_some() || self.amounts.request_body.is_some();
        let asks_responses =
            routes.user_labels().ask_responses() || version_from == VersionFrom::Response;
        let times_head = self.amounts.response_start.is_some() && !self.amounts.first_byte;
        let asks_requests = routes.user_labels().ask_requests()
            || asks_extras
            || version_from != VersionFrom::Nobody;
        let flags = Flags::NONE
            .and_if(asks_requests, Flags::REQUEST)
            .and_if(asks_responses, Flags::RESPONSE)
            .and_if(times_head, Flags::RESPONSE_START)
            .and_if(self.amounts.first_byte, Flags::FIRST_BYTE)
            .and_if(asks_extras || self.amounts.has_more(), Flags::AMOUNTS);
        let recorder: &'static Recorder = Box::leak(Box::new(Recorder {
            clock: self.clock.unwrap_or_default(),
            routes,
            store: Store::new(StoreSettings {
                has_slots: true,
                measures: self.bounds.iter().map(HistogramBounds::bins).collect(),
                has_exemplars: self.exemplar_of.is_some(),
                max_label_sets,
            }),
            amounts: self.amounts,
            flags,
            asks_extras,
            asks_responses,
            exemplar: self.exemplar_of,
            version_from,
        }));
        self.expected
            .iter()
            .for_each(|expected| recorder.initialize(expected));
        let layer = MetricsLayer::new(recorder);
        let bounds = self.bounds_of_routes.clone();
        let schema = HttpSchema::new(self.convention, &recorder.routes, bounds);
        let identity = Identity {
            constant: self.constant_labels,
            labels: schema.convention.label_names().map(str::to_owned).collect(),
            peers,
            histograms: self.bounds,
            bounds_of_routes: self.bounds_of_routes,
        };
        let families = StoreFamilies::new(&recorder.store, schema, identity);
        (layer, families, recorder)
    }
}
