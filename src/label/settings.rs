use super::Peers;

/// Which routes there are, as far as the builder was told.
#[derive(Debug, Default)]
pub(crate) struct RouteSettings {
    pub(crate) skipped: Vec<String>,
    /// Routes whose responses are streams.
    pub(crate) streams: Vec<String>,
    /// Templates that requests are matched with where no router says theirs.
    pub(crate) templates: Vec<String>,
    /// gRPC services.
    pub(crate) services: Vec<String>,
    /// Methods of theirs that are not proven are no routes, and not one for each service.
    pub(crate) unnamed_methods: bool,
    /// Outgoing requests: only a [`RouteTemplate`](super::RouteTemplate) names a route.
    pub(crate) client: bool,
    pub(crate) peers: Peers,
}
