//! A server whose metrics are pushed to a receiver of OpenTelemetry's protocol, and exposed to Prometheus as well.
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 cargo run --features otlp --example push`, then what it says.
//! The other variables are listed in the docs of `Otlp`. `PORT` sets the port, 3007 by default; 0 for a free one. A
//! signal ends it: then the last values are pushed.

#[path = "shared/mod.rs"]
mod shared;

use axum::{Router, routing::get};
use std::{error::Error, process::ExitCode, time::Duration};
use tokio::sync::oneshot;
use tower_red::{MetricsLayer, OtlpBuilder};

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("push", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (metrics, exposition) = MetricsLayer::pair();
    let builder = OtlpBuilder::from_env()?;
    for warning in builder.warnings() {
        eprintln!("{warning}");
    }
    let builder = builder.on_failure(|error| eprintln!("{error}"));
    let (stop, stopped) = oneshot::channel::<()>();
    let pushing = tokio::spawn(builder.build(&exposition)?.run(stopped));

    let app = Router::new()
        .route("/users/{id}", get(|| async { "a user\n" }))
        .layer(metrics)
        .route_service("/metrics", exposition);
    let listener = shared::listen(3007).await?;
    // Before the first line: who reads that may send one.
    let signals = shared::signals()?;
    println!("listening on http://{}", listener.local_addr()?);
    shared::serve(listener, app, signals, Duration::from_secs(5)).await?;

    // After the last request, so that it is in it.
    stop.send(()).ok();
    Ok(pushing.await?)
}
