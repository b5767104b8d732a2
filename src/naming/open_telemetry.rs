use super::{
    Convention, DurationStatus, FamilySpec, LabelSource, Measure, RedFamily, Role,
    SeriesFilter::{Http, InFlightByMethod, Overflowed, Rpc},
    SeriesSpec, Settings,
    prometheus::about_the_layer,
};
use crate::request::{Amount, Amounts};

/// The semantic conventions of OpenTelemetry.
pub(super) fn convention(settings: &Settings) -> Convention {
    let side = match settings.role {
        Role::Server => "server",
        Role::Client => "client",
    };
    let family = |family, name: String, measure: Measure, series, help| FamilySpec {
        family,
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
    let (status, code) = match settings.duration_status {
        // The conventions want a number here, so that there is no `_OTHER`.
        DurationStatus::Code => (Some(LabelSource::KnownStatus), Some(LabelSource::Code)),
        DurationStatus::Class => (Some(LabelSource::StatusClass), None),
        DurationStatus::None => (None, None),
    };
    let http = [method.clone(), route]
        .into_iter()
        .chain(status.map(|status| ("http_response_status_code", status)))
        .chain([
            error.clone(),
            scheme.clone(),
            ("network_protocol_version", LabelSource::Version),
        ]);
    let rpc = [
        ("rpc_system_name", LabelSource::Fixed("grpc")),
        ("rpc_method", LabelSource::RpcMethod),
    ];
    let rpc = rpc
        .into_iter()
        .chain(code.map(|code| ("rpc_response_status_code", code)))
        .chain([error]);
    let prefix = format!("http_{side}");
    let duration = Measure::amounts(Amount::Duration, Amounts::DURATION);
    Convention {
        errors: settings.errors(),
        user_labels: settings.user_labels.clone(),
        series: vec![
            SeriesSpec::new(Http, http.chain(peer.clone())),
            SeriesSpec::new(Rpc, rpc.chain(peer.clone())),
            SeriesSpec::new(InFlightByMethod, [method, scheme].into_iter().chain(peer)),
            SeriesSpec::new(Overflowed, []),
        ],
        families: vec![
            family(
                Some(RedFamily::Durations),
                format!("http_{side}_request_duration_seconds"),
                duration,
                0,
                match settings.role {
                    Role::Server => "Duration of HTTP server requests.",
                    Role::Client => "Duration of HTTP client requests.",
                },
            ),
            family(
                Some(RedFamily::Durations),
                format!("rpc_{side}_call_duration_seconds"),
                duration,
                1,
                match settings.role {
                    Role::Server => "Duration of inbound remote procedure calls.",
                    Role::Client => "Duration of outbound remote procedure calls.",
                },
            ),
            family(
                Some(RedFamily::InFlight),
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
        .chain(amounts(settings, &prefix))
        .chain(about_the_layer(&prefix, 3, settings))
        .collect(),
    }
}

/// What is measured of HTTP requests only if it is asked for. The conventions have no name for the start of a response.
fn amounts(settings: &Settings, prefix: &str) -> impl Iterator<Item = FamilySpec> {
    let start = match settings.amounts.first_byte {
        true => "Time to the first bytes of HTTP response bodies.",
        false => "Time to the head of HTTP responses.",
    };
    let all = [
        (Amount::ResponseStart, "response_start_seconds", start),
        (
            Amount::ResponseBody,
            "response_body_size_bytes",
            "Size of HTTP response bodies.",
        ),
        (
            Amount::RequestBody,
            "request_body_size_bytes",
            "Size of HTTP request bodies.",
        ),
    ];
    all.into_iter().filter_map(move |(amount, name, help)| {
        Some(FamilySpec {
            family: None,
            name: format!("{prefix}_{name}"),
            help,
            measure: Measure::amounts(amount, settings.amounts.index(amount)?),
            series: 0,
        })
    })
}
