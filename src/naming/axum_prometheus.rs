use super::{
    Convention, Group, Role, Settings, Shown,
    prometheus::{families, groups},
};

/// The names of the crate `axum-prometheus`, 0.10, and in its style those of what it does not have.
pub(super) fn convention(settings: &Settings) -> Convention {
    let prefix = match settings.role {
        Role::Server => "axum_http",
        Role::Client => "axum_http_client",
    };
    let group = |of, between: &[(&'static str, Shown)]| {
        let method = [("method", Shown::Method)].into_iter();
        let peer = settings.peers.then_some(("peer", Shown::Peer));
        let last = [("endpoint", Shown::Route)].into_iter().chain(peer);
        Group::new(of, method.chain(between.iter().cloned()).chain(last))
    };
    Convention {
        role: settings.role,
        groups: groups(group),
        families: families(prefix, "requests_duration_seconds", "requests_pending"),
    }
}
