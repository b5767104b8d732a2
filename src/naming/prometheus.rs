use super::{
    Convention, Family, Group, Role, Settings, Shown, Value,
    labels::Keys::{Cancelled, Errors, InFlight, Overflowed, Requests},
};

/// Prometheus' own conventions.
pub(super) fn convention(settings: &Settings) -> Convention {
    let prefix = match settings.role {
        Role::Server => "http",
        Role::Client => "http_client",
    };
    let family = |name: &str, value, group, help| Family {
        name: format!("{prefix}_{name}"),
        help,
        value,
        group,
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
        groups: vec![
            group(
                Requests,
                &[("status", Shown::Status), ("grpc_status", Shown::Code)],
            ),
            group(Errors, &[("error", Shown::Reason)]),
            group(Cancelled, &[("phase", Shown::Reason)]),
            group(InFlight, &[]),
            Group::new(Overflowed, []),
        ],
        families: vec![
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
                "request_duration_seconds",
                Value::Duration,
                0,
                "Time from the call to the end of the response body.",
            ),
            family(
                "requests_in_flight",
                Value::InFlight,
                3,
                "Requests that have not ended yet.",
            ),
            overflowed(prefix, 4),
            label_sets(prefix, 4),
        ],
    }
}

/// Every convention has it.
pub(super) fn overflowed(prefix: &str, group: usize) -> Family {
    Family {
        name: format!("{prefix}_overflowed_requests"),
        help: "Requests whose labels were past the layer's budget of label sets.",
        value: Value::Overflowed,
        group,
    }
}

/// Every convention has it.
pub(super) fn label_sets(prefix: &str, group: usize) -> Family {
    Family {
        name: format!("{prefix}_label_sets"),
        help: "Label sets that the layer holds.",
        value: Value::LabelSets,
        group,
    }
}
