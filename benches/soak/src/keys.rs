//! What is counted on both sides, by keys that say the same of a series and of what the service saw itself.

use std::collections::BTreeMap;

/// Counts by key.
pub(crate) type Totals = BTreeMap<String, u64>;

/// A part of the service: what has a layer of its own.
pub(crate) const SHOP: &str = "shop";
/// Its budget of label sets is used up, so that routes are folded and not compared.
pub(crate) const SEARCH: &str = "search";
pub(crate) const STOCK: &str = "stock";

pub(crate) fn request(part: &str, method: &str, route: &str, status: &str, grpc: &str) -> String {
    format!(
        "request {part} {method} {} {status} {grpc}",
        folded(part, route)
    )
}

pub(crate) fn error(part: &str, method: &str, route: &str, cause: &str) -> String {
    format!("error {part} {method} {} {cause}", folded(part, route))
}

pub(crate) fn cancelled(part: &str, method: &str, route: &str, phase: &str) -> String {
    format!("cancelled {part} {method} {} {phase}", folded(part, route))
}

pub(crate) fn query(ending: &str) -> String {
    format!("query {ending}")
}

/// The route, but one of gRPC's has its name only once a call to it was OK.
fn folded<'a>(part: &str, route: &'a str) -> &'a str {
    match route {
        _ if part == SEARCH => "-",
        route if route.starts_with("/shop.Orders/") => "/shop.Orders/*",
        route => route,
    }
}
