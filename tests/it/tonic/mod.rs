//! gRPC calls to a real tonic server from a real client, in each place that the layer can be put.
//!
//! Each test compares all that changed between two scrapes: what is not named did not change.

mod clients_have_layers_too;
mod deadlines_and_lost_connections;
mod inventions_make_no_series;
mod methods_of_every_kind;
#[cfg(feature = "axum")]
mod pages_share_the_port;

use crate::support::{
    grpc::complete,
    grpc_service::{ANSWER, CHAT, COLLECT, LIST, Served},
};
use std::collections::BTreeMap;

fn in_flight(route: &str) -> String {
    format!(r#"http_requests_in_flight{{method="POST",route="{route}"}}"#)
}

/// All that was counted beside the calls that proved the routes.
async fn but_proven(served: &Served) -> BTreeMap<String, f64> {
    let mut all = served.all().await;
    for route in [ANSWER, LIST, COLLECT, CHAT] {
        for (series, count) in complete(route, "200", "OK") {
            *all.get_mut(&series).unwrap() -= count;
        }
    }
    all.retain(|_, count| *count != 0.0);
    all
}
