//! The back end of a quiz: users, sessions and questions in a database, and metrics that are pulled and pushed.
//!
//! | variable | default | |
//! |---|---|---|
//! | `PORT` | 3010 | 0 for a free one |
//! | `LOAD` | `on` | `off`: no users of its own |
//! | `OTEL_METRICS_EXPORTER` | `prometheus` | `otlp`, both with a comma between them, or `none`: nothing is recorded |
//! | `OTEL_…` | | what pushes, as the docs of `Otlp` list it |
//! | `METRICS_TOKEN`, `METRICS_BASIC` | | the secret of scrapers, either of them, or none |
//! | `NAMING` | `prometheus` | or `opentelemetry` |
//! | `SESSION_IDLE_SECONDS` | 60 | when a session is abandoned in which nobody answers |

mod api;
mod config;
mod endpoint;
mod load;
mod metrics;
#[path = "../../../../shared/mod.rs"]
mod shared;

use self::{api::Quiz, config::Config, metrics::QuizMetrics};
use prometheus_client::registry::Registry;
use std::{error::Error, process::ExitCode, time::Duration};
use tokio::sync::oneshot;
use tower_red::{MetricsLayer, OtlpBuilder, ProcessMetrics};
use tower_red_systems::{Database, ProblemKind, load_is_on};

/// How long open requests may hold up the end.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("quiz_api", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::from_env()?;
    let mut registry = Registry::default();
    let quiz_metrics = QuizMetrics::register(&mut registry);
    // One registry feeds both exporters: the layer, the operations and the plain metrics are all in it.
    let (metrics, exposition) = MetricsLayer::builder()
        .naming(config.naming)
        .enabled(config.pull || config.push)
        .registry(registry)
        .build_info(env!("CARGO_PKG_VERSION"), "unknown")
        .collector(ProcessMetrics::new())
        // Of handlers: `status` alone does not say why.
        .response_label(
            "problem",
            ["not_found", "invalid", "conflict", "database"],
            |head| head.extensions.get().map(|ProblemKind(kind)| *kind),
        )
        .pair()?;
    let quiz = Quiz {
        database: Database::open(api::SCHEMA, 1, &exposition)?,
        metrics: quiz_metrics,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let builder = OtlpBuilder::from_env()?.enabled(config.push);
    for warning in builder.warnings() {
        eprintln!("{warning}");
    }
    let builder = builder.on_failure(|error| eprintln!("{error}"));
    let pushing = tokio::spawn(builder.build(&exposition)?.run(stopped));

    let listener = shared::listen(3010).await?;
    let address = listener.local_addr()?;
    // Before the first line: who reads that may send one.
    let signals = shared::signals()?;
    println!("listening on http://{address}");
    println!("the page: http://{address}/red; the metrics: http://{address}/v1/metrics");
    let app = api::router(quiz.clone())
        .layer(metrics)
        // After the layer, and so not counted.
        .merge(endpoint::endpoint(&exposition, config.pull));
    tokio::spawn(quiz.abandon_idle(config.session_idle));
    if load_is_on() {
        tokio::spawn(load::users(address));
    }
    shared::serve(listener, app, signals, GRACE).await?;

    // After the last request, so that it is in it.
    stop.send(()).ok();
    Ok(pushing.await?)
}
