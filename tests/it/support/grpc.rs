//! What gRPC calls change.

use super::{changes, sum};
use std::collections::BTreeMap;

/// The names of the codes, by their numbers.
pub(crate) const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Those that are the server's fault, if the route is known.
pub(crate) const FAULTS: [&str; 6] = [
    "UNKNOWN",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
];

// ---- What one call changes.

/// That ended with its status, and was no error.
pub(crate) fn complete(route: &str, status: &str, code: &str) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="POST",route="{route}",status="{status}",grpc_status="{code}""#);
    let total = format!("http_requests_total{{{labels}}}");
    let count = format!("http_request_duration_seconds_count{{{labels}}}");
    changes([(&total, 1.0), (&count, 1.0)])
}

/// That failed.
pub(crate) fn failed(route: &str, status: &str, code: &str, error: &str) -> BTreeMap<String, f64> {
    let errors = format!(r#"http_errors_total{{method="POST",route="{route}",error="{error}"}}"#);
    sum([complete(route, status, code), changes([(&errors, 1.0)])])
}

/// That was cancelled.
pub(crate) fn cancelled(route: &str, status: &str, phase: &str) -> BTreeMap<String, f64> {
    let cancelled = format!(
        r#"http_requests_cancelled_total{{method="POST",route="{route}",phase="{phase}"}}"#
    );
    let changed = complete(route, status, "CANCELLED");
    sum([changed, changes([(&cancelled, 1.0)])])
}

/// That was answered with a code by a route that is known.
pub(crate) fn answered(route: &str, status: &str, code: &str) -> BTreeMap<String, f64> {
    if FAULTS.contains(&code) {
        failed(route, status, code, code)
    } else {
        complete(route, status, code)
    }
}
