//! Instructions per request to an axum router.
//!
//! `cargo bench --bench instructions` prints what the layer adds to the layer that wraps all and does
//! nothing. With `-- --check`, it fails if that is more than 5 % above the figure in
//! `benches/instructions.txt`; with `-- --record`, it writes that file. With the feature `otlp`, it also counts while
//! another thread pushes the metrics, which is to add no more.

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

const PUSHED: &str = "tower-red, pushed";

const COUNT: Count = Count {
    kind: "request",
    bare: "bare router",
    layers: if cfg!(feature = "otlp") {
        &["tower-red", PUSHED]
    } else {
        &["tower-red"]
    },
    record: concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt"),
};

fn main() -> ExitCode {
    COUNT.main(|contender| match contender {
        "bare" => run(routes()),
        "nothing" => run(routes().layer(NothingLayer)),
        #[cfg(feature = "otlp")]
        PUSHED => {
            let (metrics, exposition) = MetricsLayer::pair();
            push::push_all_the_while(exposition);
            run(routes().layer(metrics));
        }
        _ => run(routes().layer(MetricsLayer::pair().0)),
    })
}

fn run(router: Router) {
    let (router, targets) = (served(router), targets());
    // The first sight of a route, a status, a thread may cost more.
    drive(&router, &targets, targets.len());
    measured(|| drive(&router, &targets, REQUESTS));
}
