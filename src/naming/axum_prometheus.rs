use super::{
    Convention, LabelSource, Role, SeriesSpec, Settings,
    prometheus::{families, series},
};

/// The names of the crate `axum-prometheus` 0.10. Families that it does not have are named in its style.
pub(super) fn convention(settings: &Settings) -> Convention {
    let prefix = match settings.role {
        Role::Server => "axum_http",
        Role::Client => "axum_http_client",
    };
    let spec = |filter, between: &[(&'static str, LabelSource)]| {
        let method = [("method", LabelSource::Method)].into_iter();
        let peer = settings.peers.then_some(("peer", LabelSource::Peer));
        let last = [("endpoint", LabelSource::Route)].into_iter().chain(peer);
        SeriesSpec::new(filter, method.chain(between.iter().cloned()).chain(last))
    };
    Convention {
        role: settings.role,
        series: series(spec),
        families: families(
            prefix,
            "requests_duration_seconds",
            "requests_pending",
            settings,
        ),
    }
}
