//! What makes a configuration valid. All mistakes are reported together.

#[cfg(feature = "grpc-descriptors")]
mod descriptors;
mod expected;
mod labels;
mod methods;
mod mistakes;
mod names;
mod peers;
mod routes;

use super::{MetricsLayerBuilder, config::Config};
use crate::{
    BuildError,
    gather::HistogramBounds,
    naming::{Naming, Role},
};
use mistakes::Mistakes;

impl MetricsLayerBuilder {
    /// The configuration of a builder of which everything else was checked.
    pub(super) fn into_config(mut self, bounds: Vec<HistogramBounds>) -> Config {
        self.names.role = match self.routes.client {
            true => Role::Client,
            false => Role::Server,
        };
        self.names.peers = !self.routes.peers.is_empty();
        let labels = self.routes.labels.iter();
        self.names.user_labels = labels.map(|label| label.name.clone()).collect();
        self.names.amounts = self.measures.amounts();
        self.routes.unnamed_methods = self.naming == Naming::OpenTelemetry;
        self.routes.max_label_sets = self.max_label_sets;
        Config {
            convention: self.naming.convention(&self.names),
            constant_labels: self.constant_labels,
            enabled: self.enabled,
            amounts: self.names.amounts,
            bounds,
            bounds_of_routes: self.measures.of_routes(),
            routes: self.routes,
            shows_versions: self.names.version || self.naming == Naming::OpenTelemetry,
            expected: self.expected,
            exemplar_of: self.exemplar_of,
            clock: self.clock,
        }
    }

    pub(super) fn validate(mut self) -> Result<Config, BuildError> {
        let mut mistakes = Mistakes::default();
        #[cfg(feature = "grpc-descriptors")]
        descriptors::declare(&mut self, &mut mistakes);
        self.check_values(&mut mistakes);
        self.check_role(&mut mistakes);
        routes::check(&self.routes, &mut mistakes);
        routes::check_bucketed(&self.measures.by_route, &self.routes.groups, &mut mistakes);
        peers::check(&self.routes.peers, &mut mistakes);
        labels::check(&self.routes.labels, &mut mistakes);
        let is_open_telemetry = self.naming == Naming::OpenTelemetry;
        if let Some(methods) = &self.routes.methods {
            methods::check(methods, None, &mut mistakes);
        } else if let Some(methods) = methods::of_environment().filter(|_| is_open_telemetry) {
            methods::check(&methods, Some(methods::VARIABLE), &mut mistakes);
            self.routes.methods = Some(methods);
        }
        expected::check(
            &self.expected,
            self.routes.methods.as_deref(),
            &mut mistakes,
        );
        if let Some(bound) = self.measures.invalid_size() {
            mistakes.add(BuildError::InvalidSize { bound });
        }
        let bounds = mistakes.unless(self.measures.bounds());
        let config = self.into_config(bounds.unwrap_or_default());
        // Those of the convention too, under the names that they were given.
        names::check_labels(&config.constant_labels, &config.convention, &mut mistakes);
        mistakes.none().map(|()| config)
    }

    fn check_values(&self, mistakes: &mut Mistakes) {
        if let Some(namespace) = &self.names.namespace {
            mistakes.unless(names::check_namespace(namespace));
        }
        if let Some(prefix) = &self.names.prefix {
            mistakes.unless(names::check_namespace(prefix));
            if self.naming != Naming::AxumPrometheus {
                mistakes.add(BuildError::UnusedPrefix);
            }
        }
        if let Some(scheme) = &self.names.scheme {
            mistakes.unless(names::check_scheme(scheme));
        }
        if self.max_label_sets == 0 {
            mistakes.add(BuildError::NoLabelSets);
        }
    }

    /// What does nothing for requests of that direction.
    fn check_role(&self, mistakes: &mut Mistakes) {
        let for_servers = [
            ("routes", self.routes.templates.is_empty()),
            ("grpc_service", self.routes.services.is_empty()),
            ("group", self.routes.groups.is_empty()),
        ];
        let for_clients = [("peers", self.routes.peers.is_empty())];
        if self.routes.client {
            for (setting, _) in for_servers.into_iter().filter(|(_, unset)| !unset) {
                mistakes.add(BuildError::NotForClients { setting });
            }
        } else {
            for (setting, _) in for_clients.into_iter().filter(|(_, unset)| !unset) {
                mistakes.add(BuildError::NotForServers { setting });
            }
        }
    }
}
