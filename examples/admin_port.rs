//! Metrics on a port of their own, which the public cannot reach.
//!
//! `cargo run --example admin_port`, then what it says. `PORT` sets the application's port, 3004 by default, and
//! `ADMIN_PORT` that of the metrics, 3005 by default; 0 for a free one.
//!
//! `cargo run --example admin_port worker` is a process that has metrics, and no HTTP but for them.

use axum::{Router, routing::get};
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{env, error::Error, future::IntoFuture, io, net::Ipv4Addr, time::Duration};
use tokio::{net::TcpListener, time::sleep};
use tower_red::{Exposition, MetricsLayer};

async fn application() -> Result<(), Box<dyn Error>> {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "a user\n" }))
        .layer(metrics);

    // Both before either serves: a port that is taken ends the process, and not only its metrics.
    let public = listen("PORT", 3004).await?;
    let private = listen("ADMIN_PORT", 3005).await?;
    println!("listening on http://{}", public.local_addr()?);
    println!("metrics on http://{}", private.local_addr()?);

    // One process, and so one end: it does not go on without its metrics.
    tokio::try_join!(
        axum::serve(public, app).into_future(),
        axum::serve(private, admin(exposition)).into_future(),
    )?;
    Ok(())
}

/// A process that serves nobody: the endpoint takes any registry, with or without a layer.
async fn worker() -> Result<(), Box<dyn Error>> {
    let jobs = Counter::<u64>::default();
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", jobs.clone());
    let exposition = Exposition::new(registry);

    let private = listen("ADMIN_PORT", 3005).await?;
    println!("metrics on http://{}", private.local_addr()?);
    let work = async {
        loop {
            sleep(Duration::from_millis(100)).await;
            jobs.inc();
        }
    };
    tokio::select! {
        served = axum::serve(private, admin(exposition)).into_future() => Ok(served?),
        () = work => Ok(()),
    }
}

/// What else is not for the public goes here, such as a health check.
fn admin(exposition: Exposition) -> Router {
    Router::new().route_service("/metrics", exposition)
}

/// On this machine alone. In a cluster it would be where Prometheus comes from.
async fn listen(variable: &str, default: u16) -> Result<TcpListener, Box<dyn Error>> {
    let port = env::var(variable).map_or(Ok(default), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    Ok(listener.map_err(|e| io::Error::other(format!("{variable} {port}: {e}")))?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        None => application().await,
        Some("worker") => worker().await,
        Some(other) => Err(format!("{other:?} is not \"worker\"").into()),
    }
}
