//! What the process and its runtime need, beside what the layer counts: a line each.
//!
//! `cargo run --example process --features process,tokio`, then what it says. `PORT` sets the port, 3008 by default; 0
//! for a free one.

use axum::{Router, routing::get};
use std::{env, error::Error, net::Ipv4Addr};
use tokio::{net::TcpListener, runtime::Handle};
use tower_red::{MetricsLayer, ProcessMetrics, TokioMetrics};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (metrics, exposition) = MetricsLayer::builder()
        .namespace("shop")
        .build_info(env!("CARGO_PKG_VERSION"), "unknown") // shop_build_info
        .collector(ProcessMetrics::new()) // process_cpu_seconds_total, process_open_fds, …
        .collector(TokioMetrics::new(&Handle::current())) // tokio_alive_tasks, …
        .pair()?;

    let app = Router::new()
        .route("/users/{id}", get(|| async { "a user\n" }))
        .layer(metrics)
        .route_service("/metrics", exposition);

    let port = env::var("PORT").unwrap_or_else(|_| "3008".into()).parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try: curl http://{address}/metrics");
    Ok(axum::serve(listener, app).await?)
}
