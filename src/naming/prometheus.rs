use super::{
    Convention, FamilySpec, LabelSource, Measure, Role, SeriesFilter, SeriesSpec, Settings,
    convention::DURATION,
};

/// Prometheus' own conventions.
pub(super) fn convention(settings: &Settings) -> Convention {
    let prefix = match settings.role {
        Role::Server => "http",
        Role::Client => "http_client",
    };
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
    Convention {
        role: settings.role,
        series: series(spec),
        families: families(
            prefix,
            "request_duration_seconds",
            "requests_in_flight",
            settings,
        ),
    }
}

/// The series of requests. `spec` adds the labels for method and route to those that are given here.
pub(super) fn series(
    spec: impl Fn(SeriesFilter, &[(&'static str, LabelSource)]) -> SeriesSpec,
) -> Vec<SeriesSpec> {
    let status = [
        ("status", LabelSource::Status),
        ("grpc_status", LabelSource::Code),
    ];
    vec![
        spec(SeriesFilter::Requests, &status),
        spec(SeriesFilter::Errors, &[("error", LabelSource::Reason)]),
        spec(SeriesFilter::Cancelled, &[("phase", LabelSource::Reason)]),
        spec(SeriesFilter::InFlight, &[]),
        SeriesSpec::new(SeriesFilter::Overflowed, []),
    ]
}

/// The families with these series. Two of their names are not the same in all conventions.
pub(super) fn families(
    prefix: &str,
    duration: &str,
    in_flight: &str,
    settings: &Settings,
) -> Vec<FamilySpec> {
    let family = |name: &str, measure: Measure, series, help| FamilySpec {
        name: format!("{prefix}_{name}"),
        help,
        measure,
        series,
    };
    let mut families = vec![
        family(
            "requests",
            Measure::Finished,
            0,
            "Requests that ended, in whatever way.",
        ),
        family(
            "errors",
            Measure::Finished,
            1,
            "Requests that failed, by cause.",
        ),
        family(
            "requests_cancelled",
            Measure::Finished,
            2,
            "Requests that were dropped before their end.",
        ),
        family(
            duration,
            DURATION,
            0,
            "Time from the call to the end of the response body, or of a stream to its head.",
        ),
        family(
            in_flight,
            Measure::Active,
            3,
            "Requests that have not ended yet.",
        ),
    ];
    families.extend(about_the_layer(prefix, 4, settings));
    families
}

/// What a layer says of itself, in every convention.
pub(super) fn about_the_layer(
    prefix: &str,
    series: usize,
    settings: &Settings,
) -> impl Iterator<Item = FamilySpec> {
    let family = |name, measure, help| FamilySpec {
        name: format!("{prefix}_{name}"),
        help,
        measure,
        series,
    };
    let panics = family(
        "label_panics",
        Measure::LabelPanics,
        "Panics of the functions that say the values of labels.",
    );
    let always = [
        family(
            "overflowed_requests",
            Measure::Overflowed,
            "Requests whose labels were past the layer's budget of label sets.",
        ),
        family(
            "label_sets",
            Measure::LabelSets,
            "Label sets that the layer holds.",
        ),
    ];
    let panics = Some(panics).filter(|_| !settings.user_labels.is_empty());
    always.into_iter().chain(panics)
}
