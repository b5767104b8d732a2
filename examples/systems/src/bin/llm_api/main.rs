//! An API to language models: answers in one piece, as server-sent events, and over WebSockets. The models are made up.
//!
//! `PORT` sets the port, 3011 by default; 0 for a free one. `LOAD=off` leaves it without people of its own. A signal
//! ends it: open requests have some time, and sockets are closed.

mod api;
mod closing;
mod load;
mod metrics;
mod model;
#[path = "../../../../shared/mod.rs"]
mod shared;
mod sockets;

use self::{api::Chat, closing::Closing, metrics::ChatMetrics, model::Models, sockets::Sockets};
use prometheus_client::registry::Registry;
use std::{error::Error, process::ExitCode, time::Duration};
use tower_red::{Buckets, DurationStatus, LabelNames, MetricsLayer, ProcessMetrics};
use tower_red_systems::{ProblemKind, load_is_on};

/// How long open requests and sockets may hold up the end, each.
const GRACE: Duration = Duration::from_secs(5);
/// Where a model writes the whole answer first.
const SLOW: &str = "/v1/models/{model}/complete";
/// Where it writes the first token first: what the duration is of a stream.
const MEDIUM: &str = "/v1/models/{model}/stream";

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("llm_api", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::default();
    let chat_metrics = ChatMetrics::register(&mut registry);
    let problems = ["not_found", "invalid", "overloaded", "broken"];
    let (metrics, exposition) = MetricsLayer::builder()
        .label_names(LabelNames::default().route("path"))
        .duration_status(DurationStatus::None)
        .buckets(Buckets::fast())
        .buckets_for([MEDIUM], Buckets::medium())
        .buckets_for([SLOW], Buckets::slow())
        .error_statuses(|status| status.is_client_error() || status.is_server_error())
        .response_label("type", problems, |head| {
            head.extensions.get().map(|ProblemKind(kind)| *kind)
        })
        .registry(registry)
        .build_info(env!("CARGO_PKG_VERSION"), "unknown")
        .collector(ProcessMetrics::new())
        .pair()?;
    let (closing, end) = Closing::new();
    let chat = Chat {
        models: Models::new(chat_metrics.clone(), &exposition)?,
        sockets: Sockets::new(end, &exposition)?,
        metrics: chat_metrics,
        conversations: Default::default(),
    };

    let listener = shared::listen(3011).await?;
    let address = listener.local_addr()?;
    // Before the first line: who reads that may send one.
    let mut signals = shared::signals()?;
    println!("listening on http://{address}");
    println!("the page: http://{address}/red; the metrics: http://{address}/metrics");
    let app = api::router(chat)
        .layer(metrics)
        .route_service("/red", exposition.page())
        .route_service("/metrics", exposition);
    if load_is_on() {
        tokio::spawn(load::people(address));
    }
    let signal = async || {
        signals().await;
        closing.begin();
    };
    shared::serve(listener, app, signal, GRACE).await?;
    closing.wait(GRACE).await;
    Ok(())
}
