use super::{
    Convention, Family, Group, Role, Settings, Shown, Value,
    labels::Keys::{self, Cancelled, Errors, InFlight, Overflowed, Requests},
};

/// Prometheus' own conventions.
pub(super) fn convention(settings: &Settings) -> Convention {
    let prefix = match settings.role {
        Role::Server => "http",
        Role::Client => "http_client",
    };
    let group = |of, last: &[(&'static str, Shown)]| {
        let peer = settings.peers.then_some(("peer", Shown::Peer));
        let first = [("method", Shown::Method), ("route", Shown::Route)];
        Group::new(
            of,
            first.into_iter().chain(peer).chain(last.iter().cloned()),
        )
    };
    Convention {
        role: settings.role,
        groups: groups(group),
        families: families(prefix, "request_duration_seconds", "requests_in_flight"),
    }
}

/// The series of a request, by what tells those of a group apart beside method and route.
pub(super) fn groups(group: impl Fn(Keys, &[(&'static str, Shown)]) -> Group) -> Vec<Group> {
    let status = [("status", Shown::Status), ("grpc_status", Shown::Code)];
    vec![
        group(Requests, &status),
        group(Errors, &[("error", Shown::Reason)]),
        group(Cancelled, &[("phase", Shown::Reason)]),
        group(InFlight, &[]),
        Group::new(Overflowed, []),
    ]
}

/// The families of these groups. Not all conventions agree on two of the names.
pub(super) fn families(prefix: &str, duration: &str, in_flight: &str) -> Vec<Family> {
    let family = |name: &str, value, group, help| Family {
        name: format!("{prefix}_{name}"),
        help,
        value,
        group,
    };
    let mut families = vec![
        family(
            "requests",
            Value::Count,
            0,
            "Requests that ended, in whatever way.",
        ),
        family("errors", Value::Count, 1, "Requests that failed, by cause."),
        family(
            "requests_cancelled",
            Value::Count,
            2,
            "Requests that were dropped before their end.",
        ),
        family(
            duration,
            Value::Duration,
            0,
            "Time from the call to the end of the response body.",
        ),
        family(
            in_flight,
            Value::InFlight,
            3,
            "Requests that have not ended yet.",
        ),
    ];
    families.extend(about_the_layer(prefix, 4));
    families
}

/// What a layer says of itself, in every convention.
pub(super) fn about_the_layer(prefix: &str, group: usize) -> [Family; 2] {
    let family = |name, value, help| Family {
        name: format!("{prefix}_{name}"),
        help,
        value,
        group,
    };
    [
        family(
            "overflowed_requests",
            Value::Overflowed,
            "Requests whose labels were past the layer's budget of label sets.",
        ),
        family(
            "label_sets",
            Value::LabelSets,
            "Label sets that the layer holds.",
        ),
    ]
}
