use super::{
    Convention, DurationStatus, FamilySpec, LabelSource, Measure, NamingDefinition, RedFamily,
    Role, SeriesFilter, SeriesSpec, Settings,
};
use crate::request::{Amount, Amounts};

/// Prometheus' own conventions.
pub(super) const DEFINITION: NamingDefinition = NamingDefinition {
    name: "prometheus",
    convention,
};

fn convention(settings: &Settings) -> Convention {
    let spec = |filter, last: &[(&'static str, LabelSource)]| {
        let peer = settings.peers.then_some(("peer", LabelSource::Peer));
        let first = [
            ("method", LabelSource::Method),
            ("route", LabelSource::Route),
        ];
        SeriesSpec::new(
            filter,
            first.into_iter().chain(peer).chain(last.iter().cloned()),
        )
    };
    let names = Names {
        prefix: match settings.role {
            Role::Server => "http",
            Role::Client => "http_client",
        },
        duration: "request_duration_seconds",
        in_flight: "requests_in_flight",
        response_body: "response_body_bytes",
        request_body: "request_body_bytes",
    };
    Convention::new(settings, series(settings, spec), families(settings, &names))
}

/// What families are called that are not called the same in all conventions.
pub(super) struct Names<'a> {
    pub(super) prefix: &'a str,
    pub(super) duration: &'a str,
    pub(super) in_flight: &'a str,
    pub(super) response_body: &'a str,
    pub(super) request_body: &'a str,
}

/// The places of series in the list that [`series`] makes.
const REQUESTS: usize = 0;
const ERRORS: usize = 1;
const CANCELLED: usize = 2;
const IN_FLIGHT: usize = 3;
const OVERFLOWED: usize = 4;
const DURATIONS: usize = 5;

/// The series of requests. `spec` adds the labels for method and route to those that are given here.
pub(super) fn series(
    settings: &Settings,
    spec: impl Fn(SeriesFilter, &[(&'static str, LabelSource)]) -> SeriesSpec,
) -> Vec<SeriesSpec> {
    let status = |shown| {
        let (status, code) = match shown {
            DurationStatus::Code => (Some(LabelSource::Status), Some(LabelSource::Code)),
            DurationStatus::Class => (Some(LabelSource::StatusClass), None),
            DurationStatus::None => (None, None),
        };
        let version = settings.version.then_some(LabelSource::Version);
        let labels = [
            ("status", status),
            ("grpc_status", code),
            ("http_version", version),
        ];
        let labels = labels.into_iter();
        let labels = labels.filter_map(|(name, source)| Some((name, source?)));
        labels.collect::<Vec<_>>()
    };
    let mut all = vec![
        spec(SeriesFilter::Requests, &status(DurationStatus::Code)),
        spec(SeriesFilter::Errors, &[("error", LabelSource::Reason)]),
        spec(SeriesFilter::Cancelled, &[("phase", LabelSource::Reason)]),
        spec(SeriesFilter::InFlight, &[]),
        SeriesSpec::new(SeriesFilter::Overflowed, []),
    ];
    if durations(settings) == DURATIONS {
        let status = status(settings.duration_status);
        all.push(spec(SeriesFilter::Requests, &status));
    }
    all
}

/// The families with these series.
pub(super) fn families(settings: &Settings, names: &Names<'_>) -> Vec<FamilySpec> {
    let prefix = names.prefix;
    let family = |family, name: &str, measure, series, help| FamilySpec {
        family: Some(family),
        ..FamilySpec::new(format!("{prefix}_{name}"), measure, series, help)
    };
    let mut families = vec![
        family(
            RedFamily::Requests,
            "requests",
            Measure::Finished,
            REQUESTS,
            "Requests that ended, in whatever way.",
        ),
        family(
            RedFamily::Errors,
            "errors",
            Measure::Finished,
            ERRORS,
            "Requests that failed, by cause.",
        ),
        family(
            RedFamily::Cancelled,
            "requests_cancelled",
            Measure::Finished,
            CANCELLED,
            "Requests that were dropped before their end.",
        ),
        family(
            RedFamily::Durations,
            names.duration,
            Measure::amounts(Amount::Duration, Amounts::DURATION),
            durations(settings),
            "Time from the call to the end of the response body, or of a stream to its head.",
        ),
    ];
    families.extend(amounts(settings, names));
    families.push(family(
        RedFamily::InFlight,
        names.in_flight,
        Measure::Active,
        IN_FLIGHT,
        "Requests that have not ended yet.",
    ));
    families.extend(about_the_layer(prefix, OVERFLOWED, settings));
    families
}

/// Where the series of durations are: those of the requests, if they have the same labels.
fn durations(settings: &Settings) -> usize {
    match settings.duration_status {
        DurationStatus::Code => REQUESTS,
        DurationStatus::Class | DurationStatus::None => DURATIONS,
    }
}

/// What is measured only if it is asked for.
fn amounts(settings: &Settings, names: &Names<'_>) -> impl Iterator<Item = FamilySpec> {
    let start = match settings.amounts.first_byte {
        true => "Time from the call to the first bytes of the response body.",
        false => "Time from the call to the head of the response.",
    };
    let all = [
        (Amount::ResponseStart, "response_start_seconds", start),
        (
            Amount::ResponseBody,
            names.response_body,
            "Bytes of the response body that were handed to the server.",
        ),
        (
            Amount::RequestBody,
            names.request_body,
            "Bytes of the request body, as its Content-Length says.",
        ),
    ];
    all.into_iter().filter_map(|(amount, name, help)| {
        let measure = Measure::amounts(amount, settings.amounts.index(amount)?);
        let name = format!("{}_{name}", names.prefix);
        Some(FamilySpec::new(name, measure, durations(settings), help))
    })
}

/// What a layer says of itself, in every convention.
pub(super) fn about_the_layer(
    prefix: &str,
    series: usize,
    settings: &Settings,
) -> impl Iterator<Item = FamilySpec> {
    let family = |family, name, measure, help| FamilySpec {
        family,
        ..FamilySpec::new(format!("{prefix}_{name}"), measure, series, help)
    };
    let panics = family(
        None,
        "label_panics",
        Measure::LabelPanics,
        "Panics of the functions that say the values of labels.",
    );
    let always = [
        family(
            Some(RedFamily::Overflowed),
            "overflowed_requests",
            Measure::Overflowed,
            "Requests whose labels were past the layer's budget of label sets.",
        ),
        family(
            Some(RedFamily::LabelSets),
            "label_sets",
            Measure::LabelSets,
            "Label sets that the layer holds.",
        ),
    ];
    let panics = Some(panics).filter(|_| !settings.user_labels.is_empty());
    always.into_iter().chain(panics)
}
