use super::{
    Convention, DurationStatus, FamilySpec, LabelSource, Measure, NamingDefinition, RedFamily,
    Role,
    SeriesFilter::{Http, InFlightByMethod, Overflowed, Rpc},
    SeriesSpec, Settings,
    prometheus::about_the_layer,
};
use crate::{
    model::DottedNames,
    request::{Amount, Amounts},
};
use std::{borrow::Cow, sync::Arc};

/// The semantic conventions of OpenTelemetry.
pub(super) const DEFINITION: NamingDefinition = NamingDefinition {
    name: "opentelemetry",
    convention,
};

fn convention(settings: &Settings) -> Convention {
    let side = match settings.role {
        Role::Server => "server",
        Role::Client => "client",
    };
    let method = ("http.request.method", LabelSource::Method);
    let configured = settings.scheme.clone().map(Cow::Owned);
    let configured = configured.unwrap_or(Cow::Borrowed("http"));
    let scheme = (
        "url.scheme",
        match settings.role {
            Role::Server => LabelSource::Fixed(configured),
            Role::Client => LabelSource::Scheme(configured),
        },
    );
    let peer = [
        ("server.address", LabelSource::PeerHost),
        ("server.port", LabelSource::PeerPort),
    ];
    let peer = peer.into_iter().filter(|_| settings.peers);
    let route = match settings.role {
        Role::Server => ("http.route", LabelSource::KnownRoute),
        Role::Client => ("url.template", LabelSource::KnownRoute),
    };
    let (status, code, reason) = match settings.duration_status {
        // The conventions want a number here, so that there is no `_OTHER`.
        DurationStatus::Code => (
            Some(LabelSource::KnownStatus),
            Some(LabelSource::Code),
            LabelSource::Reason,
        ),
        DurationStatus::Class => (
            Some(LabelSource::StatusClass),
            None,
            LabelSource::ReasonByClass,
        ),
        DurationStatus::None => (None, None, LabelSource::ReasonByClass),
    };
    let error = ("error.type", reason);
    let http = [method.clone(), route]
        .into_iter()
        .chain(status.map(|status| ("http.response.status_code", status)))
        .chain([
            error.clone(),
            scheme.clone(),
            ("network.protocol.version", LabelSource::Version),
        ]);
    let rpc = [
        ("rpc.system.name", LabelSource::Fixed("grpc".into())),
        ("rpc.method", LabelSource::RpcMethod),
    ];
    let rpc = rpc
        .into_iter()
        .chain(code.map(|code| ("rpc.response.status_code", code)))
        .chain([error]);
    let prefix = format!("http_{side}");
    let duration = Measure::amounts(Amount::Duration, Amounts::DURATION);
    let series = vec![
        SeriesSpec::new(Http, http.chain(peer.clone())),
        SeriesSpec::new(Rpc, rpc.chain(peer.clone())),
        SeriesSpec::new(InFlightByMethod, [method, scheme].into_iter().chain(peer)),
        SeriesSpec::new(Overflowed, []),
    ];
    let families = [
        family(
            Some(RedFamily::Durations),
            format!("http.{side}.request.duration"),
            duration,
            0,
            match settings.role {
                Role::Server => "Duration of HTTP server requests.",
                Role::Client => "Duration of HTTP client requests.",
            },
        ),
        family(
            Some(RedFamily::Durations),
            format!("rpc.{side}.call.duration"),
            duration,
            1,
            match settings.role {
                Role::Server => "Duration of inbound remote procedure calls.",
                Role::Client => "Duration of outbound remote procedure calls.",
            },
        ),
        family(
            Some(RedFamily::InFlight),
            format!("http.{side}.active_requests"),
            Measure::Active,
            2,
            match settings.role {
                Role::Server => "Number of active HTTP server requests.",
                Role::Client => "Number of active HTTP client requests.",
            },
        ),
    ];
    let families = families
        .into_iter()
        .chain(amounts(settings, side))
        .chain(about_the_layer(&prefix, 3, settings));
    Convention::new(settings, series, families.collect())
}

/// What is measured of HTTP requests only if it is asked for. The conventions have no name for the start of a response.
fn amounts(settings: &Settings, side: &str) -> impl Iterator<Item = FamilySpec> {
    let start = match settings.amounts.first_byte {
        true => "Time to the first bytes of HTTP response bodies.",
        false => "Time to the head of HTTP responses.",
    };
    let all = [
        (Amount::ResponseStart, "response.start", start),
        (
            Amount::ResponseBody,
            "response.body.size",
            "Size of HTTP response bodies.",
        ),
        (
            Amount::RequestBody,
            "request.body.size",
            "Size of HTTP request bodies.",
        ),
    ];
    all.into_iter().filter_map(move |(amount, name, help)| {
        let measure = Measure::amounts(amount, settings.amounts.index(amount)?);
        let name = format!("http.{side}.{name}");
        Some(family(None, name, measure, 0, help))
    })
}

/// A family by its dotted name. Prometheus' has underscores, and the unit at its end.
fn family(
    family: Option<RedFamily>,
    dotted: String,
    measure: Measure,
    series: usize,
    help: &'static str,
) -> FamilySpec {
    let mut name = dotted.replace('.', "_");
    if let Measure::Amounts { unit, .. } = measure {
        name = format!("{name}_{}", unit.name());
    }
    let is_active = measure == Measure::Active;
    FamilySpec {
        family,
        names: Some(Arc::new(DottedNames {
            metric: dotted.into(),
            unit: is_active.then_some("{request}"),
            is_up_down: is_active,
            attributes: Vec::new(),
        })),
        ..FamilySpec::new(name, measure, series, help)
    }
}
