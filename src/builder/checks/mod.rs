//! What makes a configuration valid. The first mistake is the one that is reported.

mod names;
mod peers;
mod routes;

use super::{MetricsLayerBuilder, config::Config};
use crate::{
    BuildError,
    label::{Peers, RouteSettings},
    naming::{Naming, Role, Settings},
};

impl MetricsLayerBuilder {
    /// Without checks, for a builder of which nothing was configured or everything was checked.
    pub(super) fn into_config(self) -> Config {
        let settings = Settings {
            role: match self.client {
                true => Role::Client,
                false => Role::Server,
            },
            namespace: self.namespace,
            label_names: self.label_names,
            peers: !self.peers.is_empty(),
            scheme: self.scheme,
        };
        Config {
            convention: self.naming.convention(&settings),
            constant_labels: self.constant_labels,
            native: None,
            enabled: self.enabled,
            buckets: self.buckets,
            routes: RouteSettings {
                skipped: self.skipped,
                templates: self.templates,
                streams: self.streams,
                services: self.services,
                unnamed_methods: self.naming == Naming::OpenTelemetry,
                client: self.client,
                peers: Peers::new(self.peers),
            },
            shows_versions: self.naming == Naming::OpenTelemetry,
            max_label_sets: self.max_label_sets,
            exemplar_of: self.exemplar_of,
            clock: self.clock,
        }
    }

    pub(super) fn validate(self) -> Result<Config, BuildError> {
        self.check_values()?;
        self.check_routes()?;
        self.check_role()?;
        peers::check(&self.peers)?;
        let bounds = self.buckets.nanos();
        let native = self.native.map(|native| native.validate(&bounds));
        let native = native.transpose()?;
        let mut config = self.into_config();
        config.native = native;
        // Those of the convention too, under the names that they were given.
        names::check_labels(&config.constant_labels, &config.convention)?;
        Ok(config)
    }

    fn check_values(&self) -> Result<(), BuildError> {
        if let Some(namespace) = &self.namespace {
            names::check_namespace(namespace)?;
        }
        if let Some(scheme) = self.scheme {
            names::check_scheme(scheme)?;
        }
        match self.max_label_sets {
            0 => Err(BuildError::NoLabelSets),
            _ => Ok(()),
        }
    }

    fn check_routes(&self) -> Result<(), BuildError> {
        routes::check_skipped(&self.skipped)?;
        routes::check_declared(&self.templates)?;
        routes::check_streams(&self.streams)?;
        routes::check_services(&self.services)
    }

    /// What does nothing for requests of that direction.
    fn check_role(&self) -> Result<(), BuildError> {
        let for_servers = [
            ("routes", self.templates.is_empty()),
            ("grpc_service", self.services.is_empty()),
        ];
        let misplaced = for_servers.into_iter().find(|(_, unset)| !unset);
        if let (true, Some((setting, _))) = (self.client, misplaced) {
            return Err(BuildError::NotForClients { setting });
        }
        if !self.client && !self.peers.is_empty() {
            return Err(BuildError::NotForServers { setting: "peers" });
        }
        Ok(())
    }
}
