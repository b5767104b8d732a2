//! What one plain request changes between two scrapes.

use super::changes;
pub(crate) use super::{complete, sum, times};
use std::collections::BTreeMap;

/// That failed.
pub(crate) fn failed(
    method: &str,
    route: &str,
    status: &str,
    error: &str,
) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="{method}",route="{route}",error="{error}""#);
    let errors = format!("http_errors_total{{{labels}}}");
    sum([complete(method, route, status), changes([(&errors, 1.0)])])
}

/// That was cancelled.
pub(crate) fn cancelled(
    method: &str,
    route: &str,
    status: &str,
    phase: &str,
) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="{method}",route="{route}",phase="{phase}""#);
    let cancelled = format!("http_requests_cancelled_total{{{labels}}}");
    let changed = complete(method, route, status);
    sum([changed, changes([(&cancelled, 1.0)])])
}

/// That has begun.
pub(crate) fn in_flight(method: &str, route: &str) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="{method}",route="{route}""#);
    changes([(&format!("http_requests_in_flight{{{labels}}}"), 1.0)])
}
