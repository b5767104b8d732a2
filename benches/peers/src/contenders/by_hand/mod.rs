//! What people write themselves: `axum::middleware::from_fn` around a metrics library, a counter and a
//! histogram by method, route and status.

pub(super) mod metrics;
pub(super) mod prometheus;
pub(super) mod prometheus_client;

use axum::extract::{MatchedPath, Request};

const RECORDS: &str = "requests, duration to the head";

fn route(request: &Request) -> String {
    let path = request.extensions().get::<MatchedPath>();
    path.map_or("_unmatched", MatchedPath::as_str).to_owned()
}
