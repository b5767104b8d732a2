//! What makes a configuration valid. All mistakes are reported together.

mod labels;
mod mistakes;
mod names;
mod peers;
mod routes;

use super::{MetricsLayerBuilder, config::Config};
use crate::{
    BuildError,
    naming::{Naming, Role},
};
use mistakes::Mistakes;

impl MetricsLayerBuilder {
    /// Without checks, for a builder of which nothing was configured or everything was checked.
    pub(super) fn into_config(mut self) -> Config {
        self.names.role = match self.routes.client {
            true => Role::Client,
            false => Role::Server,
        };
        self.names.peers = !self.routes.peers.is_empty();
        let labels = self.routes.labels.iter();
        self.names.user_labels = labels.map(|label| label.name.clone()).collect();
        self.routes.unnamed_methods = self.naming == Naming::OpenTelemetry;
        Config {
            convention: self.naming.convention(&self.names),
            constant_labels: self.constant_labels,
            native: None,
            enabled: self.enabled,
            buckets: self.buckets,
            routes: self.routes,
            shows_versions: self.naming == Naming::OpenTelemetry,
            max_label_sets: self.max_label_sets,
            exemplar_of: self.exemplar_of,
            clock: self.clock,
        }
    }

    pub(super) fn validate(self) -> Result<Config, BuildError> {
        let mut mistakes = Mistakes::default();
        self.check_values(&mut mistakes);
        self.check_role(&mut mistakes);
        routes::check(&self.routes, &mut mistakes);
        peers::check(&self.routes.peers, &mut mistakes);
        labels::check(&self.routes.labels, &mut mistakes);
        let bounds = self.buckets.nanos();
        let native = self.native.map(|native| native.validate(&bounds));
        let native = native.and_then(|native| mistakes.unless(native));
        let mut config = self.into_config();
        config.native = native;
        // Those of the convention too, under the names that they were given.
        names::check_labels(&config.constant_labels, &config.convention, &mut mistakes);
        mistakes.none().map(|()| config)
    }

    fn check_values(&self, mistakes: &mut Mistakes) {
        if let Some(namespace) = &self.names.namespace {
            mistakes.unless(names::check_namespace(namespace));
        }
        if let Some(scheme) = self.names.scheme {
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
