//! What makes a configuration valid. The first mistake is the one that is reported.

mod names;
mod peers;
mod routes;

use super::{Config, MetricsLayerBuilder};
use crate::BuildError;

impl MetricsLayerBuilder {
    pub(super) fn validate(self) -> Result<Config, BuildError> {
        self.check_values()?;
        self.check_routes()?;
        self.check_role()?;
        peers::check(&self.peers)?;
        let bounds = self.buckets.nanos();
        let native = self.native.map(|native| native.validate(&bounds));
        let native = native.transpose()?;
        let mut config = Config::new(self);
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
