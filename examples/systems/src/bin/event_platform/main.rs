//! A platform for events: an API that takes them, a processor that reads them from a queue, and the back end of the user
//! interface. Each has a prefix of its own. The metrics of all three are on a port that is not public.
//!
//! `PORT` sets the port of the API, 3013 by default; the user interface's is the next, and the one of the metrics the
//! one after. 0 takes free ones. `LOAD=off` leaves it without customers of its own. `RATE_LIMIT` is how many events a
//! customer may send in a minute, 600 by default; `CACHE_SECONDS` how old a count may be, 1 by default. A signal ends
//! it: open requests have some time, then what waits in the queue, and the metrics end last.

mod ingest;
mod kind;
mod load;
mod processor;
mod rate;
#[path = "../../../../shared/mod.rs"]
mod shared;
mod stats;
mod ui;

use self::{
    ingest::{Ingest, IngestMetrics},
    processor::{Processor, ProcessorMetrics},
    rate::RateLimit,
    stats::Stats,
    ui::{Ui, UiMetrics},
};
use axum::Router;
use prometheus_client::registry::Registry;
use std::{
    env, error::Error, future::IntoFuture, io, net::Ipv4Addr, process::ExitCode, time::Duration,
};
use tokio::net::TcpListener;
use tower_red::{BuildInfo, Exposition, ProcessMetrics};
use tower_red_systems::load_is_on;

/// How long open requests may hold up the end, and after them the queue.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("event_platform", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let limit = env::var("RATE_LIMIT").map_or(Ok(600), |limit| limit.parse())?;
    let fresh = env::var("CACHE_SECONDS").map_or(Ok(1), |seconds| seconds.parse())?;
    let mut registry = Registry::default();
    let ingest_metrics = IngestMetrics::register(&mut registry);
    let ui_metrics = UiMetrics::register(&mut registry);
    let processor_metrics = ProcessorMetrics::register(&mut registry);
    let exposition = Exposition::new(registry)
        .collector(BuildInfo::new(env!("CARGO_PKG_VERSION"), "unknown"))
        .collector(ProcessMetrics::new());
    let stats = Stats::default();
    let (queue, processor) = Processor::start(processor_metrics, stats.clone(), &exposition)?;
    let ingest = Ingest::new(queue, RateLimit::new(limit), ingest_metrics);
    let ui = Ui::new(stats, Duration::from_secs(fresh), ui_metrics);

    let ingest_listener = shared::listen(3013).await?;
    let ui_listener = listen_after(&ingest_listener).await?;
    let private = listen_after(&ui_listener).await?;
    let (ingest_address, ui_address) = (ingest_listener.local_addr()?, ui_listener.local_addr()?);
    // Before the first line: who reads that may send one.
    let (ingest_signals, ui_signals) = (shared::signals()?, shared::signals()?);
    let address = private.local_addr()?;
    println!("listening on http://{ingest_address}");
    println!("listening on http://{ui_address}");
    println!("listening on http://{address}");
    println!("the page: http://{address}/red; the metrics: http://{address}/metrics");
    let ingest = ingest.router().layer(ingest::layer(&exposition)?);
    let ui = ui.router().layer(ui::layer(&exposition)?);
    let admin = Router::new()
        .route_service("/red", exposition.page())
        .route_service("/metrics", exposition);
    if load_is_on() {
        tokio::spawn(load::customers(ingest_address, ui_address));
    }
    let work = async {
        tokio::try_join!(
            shared::serve(ingest_listener, ingest, ingest_signals, GRACE),
            shared::serve(ui_listener, ui, ui_signals, GRACE),
        )?;
        processor.end(GRACE).await;
        Ok(())
    };
    // Prometheus may see the last of it.
    tokio::select! {
        served = axum::serve(private, admin).into_future() => Ok(served?),
        ended = work => ended,
    }
}

/// On the next port, or on a free one if that of the other was free to choose.
async fn listen_after(other: &TcpListener) -> io::Result<TcpListener> {
    let port = match env::var("PORT").as_deref() {
        Ok("0") => 0,
        _ => other.local_addr()?.port().saturating_add(1),
    };
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}
