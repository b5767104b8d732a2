use super::{
    Convention, Family, Group, Role, Settings, Shown, Value,
    labels::Keys::{Http, InFlightByMethod, Overflowed, Rpc},
    prometheus::about_the_layer,
};

/// The semantic conventions of OpenTelemetry.
pub(super) fn convention(settings: &Settings) -> Convention {
    let side = match settings.role {
        Role::Server => "server",
        Role::Client => "client",
    };
    let family = |name: String, value, group, help| Family {
        name,
        help,
        value,
        group,
    };
    let method = ("http_request_method", Shown::Method);
    let scheme = (
        "url_scheme",
        Shown::Fixed(settings.scheme.unwrap_or("http")),
    );
    let error = ("error_type", Shown::Reason);
    let peer = [
        ("server_address", Shown::PeerHost),
        ("server_port", Shown::PeerPort),
    ];
    let peer = peer.into_iter().filter(|_| settings.peers);
    let route = match settings.role {
        Role::Server => ("http_route", Shown::KnownRoute),
        Role::Client => ("url_template", Shown::KnownRoute),
    };
    let http = [
        method.clone(),
        route,
        ("http_response_status_code", Shown::Status),
        error.clone(),
        scheme.clone(),
        ("network_protocol_version", Shown::Version),
    ];
    let rpc = [
        ("rpc_system_name", Shown::Fixed("grpc")),
        ("rpc_method", Shown::RpcMethod),
        ("rpc_response_status_code", Shown::Code),
        error,
    ];
    let prefix = format!("http_{side}");
    Convention {
        role: settings.role,
        groups: vec![
            Group::new(Http, http.into_iter().chain(peer.clone())),
            Group::new(Rpc, rpc.into_iter().chain(peer.clone())),
            Group::new(InFlightByMethod, [method, scheme].into_iter().chain(peer)),
            Group::new(Overflowed, []),
        ],
        families: vec![
            family(
                format!("http_{side}_request_duration_seconds"),
                Value::Duration,
                0,
                match settings.role {
                    Role::Server => "Duration of HTTP server requests.",
                    Role::Client => "Duration of HTTP client requests.",
                },
            ),
            family(
                format!("rpc_{side}_call_duration_seconds"),
                Value::Duration,
                1,
                match settings.role {
                    Role::Server => "Duration of inbound remote procedure calls.",
                    Role::Client => "Duration of outbound remote procedure calls.",
                },
            ),
            family(
                format!("http_{side}_active_requests"),
                Value::InFlight,
                2,
                match settings.role {
                    Role::Server => "Number of active HTTP server requests.",
                    Role::Client => "Number of active HTTP client requests.",
                },
            ),
        ]
        .into_iter()
        .chain(about_the_layer(&prefix, 3))
        .collect(),
    }
}
