//! Instructions per request to an axum router.
//!
//! `cargo bench --bench instructions` prints what the layer adds to the layer that wraps all and does
//! nothing. With `-- --check`, it fails if that is more than 5 % above the figure in
//! `benches/instructions.txt`; with `-- --record`, it writes that file. With the feature `otlp`, the metrics are pushed
//! all the while, by another thread.

#[path = "support/callgrind.rs"]
mod callgrind;
#[path = "support/nothing.rs"]
mod nothing;
#[cfg(feature = "otlp")]
#[path = "support/push.rs"]
mod push;
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
        _ => {
            let (metrics, exposition) = MetricsLayer::pair();
            #[cfg(feature = "otlp")]
            push::push_all_the_while(exposition);
            #[cfg(not(feature = "otlp"))]
            drop(exposition);
            run(routes().layer(metrics));
        }
    })
}

fn run(router: Router) {
    let (router, targets) = (served(router), targets());
    // The first sight of a route, a status, a thread may cost more.
    drive(&router, &targets, targets.len());
    measured(|| drive(&router, &targets, REQUESTS));
}
