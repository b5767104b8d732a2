//! gRPC and its metrics on one port: the standard health service by tonic, on an axum router.
//!
//! `cargo run --example grpc`, then call `grpc.health.v1.Health` and `curl` what it says. `PORT` sets the
//! port: 50051 by default, 0 for a free one; `NAMING` how metrics are called, such as `opentelemetry`.

mod shared;

use axum::Router;
use std::{env, error::Error, process::ExitCode, time::Duration};
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::health_reporter};
use tower_red::{BuildError, MetricsLayer, Naming};

/// How long open calls may hold up the end: `Watch` has none of its own.
const GRACE: Duration = Duration::from_secs(1);

fn app(calls: Routes, naming: Naming) -> Result<Router, BuildError> {
    let (metrics, exposition) = MetricsLayer::builder()
        .naming(naming)
        // A method is a route once a call to it was OK. Until then it is `_OTHER` of this service, and not
        // `_unmatched` as it would be without this line: clients invent methods.
        .grpc_service("grpc.health.v1.Health")
        // A stream that only its clients end: leaving it is no cancellation, and its duration is the time to its head.
        .streams(["/grpc.health.v1.Health/Watch"])
        .pair()?;

    Ok(calls
        .into_axum_router()
        // Pages of your own go here, beside the calls: `.route("/", get(home))`.
        // Last, and so outermost: it sees what clients see, also calls that no service takes.
        .layer(metrics)
        // After the layer, and so not counted itself.
        .route_service("/metrics", exposition.instrumented()))
}

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("grpc", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (reporter, health) = health_reporter();
    reporter
        .set_service_status("shop.Orders", ServingStatus::Serving)
        .await;

    let naming = env::var("NAMING").map_or(Ok(Naming::default()), |name| name.parse())?;
    let app = app(Routes::new(health), naming)?;
    let listener = shared::listen(50051).await?;
    let base = format!("http://{}", listener.local_addr()?);
    // Before the first line: who reads that may send one.
    let signals = shared::signals()?;

    println!("listening on {base}\n\nwhat became of the calls: curl {base}/metrics");
    // HTTP/2 and HTTP/1.1: gRPC is the one, and who scrapes may use the other.
    Ok(shared::serve(listener, app, signals, GRACE).await?)
}
