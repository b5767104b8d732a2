use super::{
    Convention, FamilySpec, LabelSource, Measure, Role,
    SeriesFilter::{Http, InFlightByMethod, Overflowed, Rpc},
    SeriesSpec, Settings,
    convention::DURATION,
    prometheus::about_the_layer,
};

/// The semantic conventions of OpenTelemetry.
pub(super) fn convention(settings: &Settings) -> Convention {
    let side = match settings.role {
        Role::Server => "server",
        Role::Client => "client",
    };
    let family = |name: String, measure: Measure, series, help| FamilySpec {
        name,
        help,
        measure,
        series,
    };
    let method = ("http_request_method", LabelSource::Method);
    let scheme = (
        "url_scheme",
        match settings.role {
            Role::Server => LabelSource::Fixed(settings.scheme.unwrap_or("http")),
            Role::Client => LabelSource::Scheme(settings.scheme.unwrap_or("http")),
        },
    );
    let error = ("error_type", LabelSource::Reason);
    let peer = [
        ("server_address", LabelSource::PeerHost),
        ("server_port", LabelSource::PeerPort),
    ];
    let peer = peer.into_iter().filter(|_| settings.peers);
    let route = match settings.role {
        Role::Server => ("http_route", LabelSource::KnownRoute),
        Role::Client => ("url_template", LabelSource::KnownRoute),
    };
    let http = [
        method.clone(),
        route,
        // The conventions want a number here, so that there is no `_OTHER`.
        ("http_response_status_code", LabelSource::KnownStatus),
        error.clone(),
        scheme.clone(),
        ("network_protocol_version", LabelSource::Version),
    ];
    let rpc = [
        ("rpc_system_name", LabelSource::Fixed("grpc")),
        ("rpc_method", LabelSource::RpcMethod),
        ("rpc_response_status_code", LabelSource::Code),
        error,
    ];
    let prefix = format!("http_{side}");
    Convention {
        role: settings.role,
        series: vec![
            SeriesSpec::new(Http, http.into_iter().chain(peer.clone())),
            SeriesSpec::new(Rpc, rpc.into_iter().chain(peer.clone())),
            SeriesSpec::new(InFlightByMethod, [method, scheme].into_iter().chain(peer)),
            SeriesSpec::new(Overflowed, []),
        ],
        families: vec![
            family(
                format!("http_{side}_request_duration_seconds"),
                DURATION,
                0,
                match settings.role {
                    Role::Server => "Duration of HTTP server requests.",
                    Role::Client => "Duration of HTTP client requests.",
                },
            ),
            family(
                format!("rpc_{side}_call_duration_seconds"),
                DURATION,
                1,
                match settings.role {
                    Role::Server => "Duration of inbound remote procedure calls.",
                    Role::Client => "Duration of outbound remote procedure calls.",
                },
            ),
            family(
                format!("http_{side}_active_requests"),
                Measure::Active,
                2,
                match settings.role {
                    Role::Server => "Number of active HTTP server requests.",
                    Role::Client => "Number of active HTTP client requests.",
                },
            ),
        ]
        .into_iter()
        .chain(about_the_layer(&prefix, 3, settings))
        .collect(),
    }
}
