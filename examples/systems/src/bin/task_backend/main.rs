//! A back end for tasks: a queue with workers and retries, tools, a database behind a pool and a cache, and the machine
//! that it runs on.
//!
//! `PORT` sets the port, 3012 by default; 0 for a free one. `LOAD=off` leaves it without tasks of its own. A signal
//! ends it: open requests have some time, and then what waits in the queue.

mod api;
mod cache;
mod host;
mod kind;
mod load;
mod queue;
#[path = "../../../../shared/mod.rs"]
mod shared;
mod tools;

use self::{
    api::Backend,
    cache::Cache,
    host::Host,
    queue::{QueueMetrics, Workers},
    tools::Tools,
};
use prometheus_client::{metrics::gauge::ConstGauge, registry::Registry};
use std::{error::Error, process::ExitCode, time::Duration};
use tower_red::{LabelNames, MetricsLayer, ProcessMetrics};
use tower_red_systems::{Database, load_is_on};

/// How long open requests may hold up the end, and after them the queue.
const GRACE: Duration = Duration::from_secs(5);
/// Connections to the database.
const CONNECTIONS: u32 = 4;

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("task_backend", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::default();
    let queue_metrics = QueueMetrics::register(&mut registry);
    let cache = Cache::register(&mut registry);
    let size = ConstGauge::new(i64::from(CONNECTIONS));
    registry.register("db_pool_connections", "Connections of the pool", size);
    let (metrics, exposition) = MetricsLayer::builder()
        .label_names(LabelNames::default().route("endpoint"))
        .error_statuses(|status| status.is_client_error() || status.is_server_error())
        .registry(registry)
        .build_info(env!("CARGO_PKG_VERSION"), "unknown")
        .collector(ProcessMetrics::new())
        .collector(Host::new())
        .pair()?;
    let database = Database::open(api::SCHEMA, CONNECTIONS as usize, &exposition)?;
    let (queue, workers) = Workers::start(queue_metrics, database.clone(), &exposition)?;
    let backend = Backend {
        database,
        cache,
        queue,
        tools: Tools::new(&exposition)?,
    };

    let listener = shared::listen(3012).await?;
    let address = listener.local_addr()?;
    // Before the first line: who reads that may send one.
    let signals = shared::signals()?;
    println!("listening on http://{address}");
    println!("the page: http://{address}/red; the metrics: http://{address}/metrics");
    let app = api::router(backend)
        .layer(metrics)
        .route_service("/red", exposition.page())
        .route_service("/metrics", exposition.instrumented());
    if load_is_on() {
        tokio::spawn(load::tasks(address));
    }
    shared::serve(listener, app, signals, GRACE).await?;
    workers.end(GRACE).await;
    Ok(())
}
