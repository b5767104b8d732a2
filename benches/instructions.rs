//! Instructions per request to an axum router.
//!
//! `cargo bench --bench instructions` prints what the layer adds to the layer that wraps all and does
//! nothing. With `-- --check`, it fails if that is more than 5 % above the figure in
//! `benches/instructions.txt`; with `-- --record`, it writes that file.

#[path = "support/callgrind.rs"]
mod callgrind;
#[path = "support/nothing.rs"]
mod nothing;
#[path = "support/router.rs"]
mod router;
#[path = "support/serve.rs"]
mod serve;

use axum::Router;
use callgrind::{Count, REQUESTS, measured};
use nothing::NothingLayer;
use router::{drive, routes, served, targets};
use std::process::ExitCode;
use tower_red::MetricsLayer;

const COUNT: Count = Count {
    kind: "request",
    bare: "bare router",
    record: concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt"),
};

fn main() -> ExitCode {
    COUNT.main(|contender| match contender {
        "bare" => run(routes()),
        "nothing" => run(routes().layer(NothingLayer)),
        _ => run(routes().layer(MetricsLayer::pair().0)),
    })
}

fn run(router: Router) {
    let (router, targets) = (served(router), targets());
    // The first sight of a route, a status, a thread may cost more.
    drive(&router, &targets, targets.len());
    measured(|| drive(&router, &targets, REQUESTS));
}
