use super::{
    Convention, LabelSource, NamingDefinition, Role, SeriesSpec, Settings,
    prometheus::{Names, families, series},
};

/// The names of the crate `axum-prometheus` 0.10. Families that it does not have are named in its style.
pub(super) const DEFINITION: NamingDefinition = NamingDefinition {
    name: "axum-prometheus",
    convention,
};

fn convention(settings: &Settings) -> Convention {
    let spec = |filter, between: &[(&'static str, LabelSource)]| {
        let method = [("method", LabelSource::Method)].into_iter();
        let peer = settings.peers.then_some(("peer", LabelSource::Peer));
        let last = [("endpoint", LabelSource::Route)].into_iter().chain(peer);
        SeriesSpec::new(filter, method.chain(between.iter().cloned()).chain(last))
    };
    let side = match settings.role {
        Role::Server => "http",
        Role::Client => "http_client",
    };
    let names = Names {
        prefix: &format!("{}_{side}", settings.prefix.as_deref().unwrap_or("axum")),
        duration: "requests_duration_seconds",
        in_flight: "requests_pending",
        response_body: "response_body_size",
        request_body: "request_body_size",
    };
    Convention::new(settings, series(settings, spec), families(settings, &names))
}
