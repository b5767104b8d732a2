use super::{
    Convention, Family, Group, Settings, Shown, Value,
    labels::Keys::{Cancelled, Errors, InFlight, Overflowed, Requests},
    prometheus::{label_sets, overflowed},
};

/// The names of the crate `axum-prometheus`, 0.10, and in its style those of what it does not have.
pub(super) fn convention(settings: &Settings) -> Convention {
    let family = |name: &str, value, group, help| Family {
        name: format!("axum_http_{name}"),
        help,
        value,
        group,
    };
    let endpoint = ("endpoint", Shown::Route);
    let method = ("method", Shown::Method);
    let group = |of, between: &[(&'static str, Shown)]| {
        let columns = [method.clone()].into_iter().chain(between.iter().cloned());
        Group::new(of, columns.chain([endpoint.clone()]))
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
                "requests_duration_seconds",
                Value::Duration,
                0,
                "Time from the call to the end of the response body.",
            ),
            family(
                "requests_pending",
                Value::InFlight,
                3,
                "Requests that have not ended yet.",
            ),
            overflowed("axum_http", 4),
            label_sets("axum_http", 4),
        ],
    }
}
