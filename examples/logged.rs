//! A log of scrapes that failed: Prometheus keeps the status, and not the text that says why.
//!
//! `cargo run --example logged`, then what it says. `PORT` sets the port: 3006 by default, 0 for a free one.

use axum::{Router, http::Response, routing::get};
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use std::{env, error::Error, net::Ipv4Addr};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_red::{MetricsLayer, ScrapeError};

/// The reason is in the extensions of a 500, for layers and not for clients.
fn log<B>(response: Response<B>) -> Response<B> {
    if let Some(error) = response.extensions().get::<ScrapeError>() {
        eprintln!("scrape failed: {error}");
    }
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A dash is in no name of Prometheus. That would be an error of `pair` if there were a series of it by then:
    // a family without one is not written, and so a scrape finds out.
    let waiting = Family::<[(&str, &str); 1], Gauge>::default();
    let mut registry = Registry::default();
    registry.register("queue-depth", "Jobs that wait", waiting.clone());

    let (metrics, exposition) = MetricsLayer::builder().registry(registry).pair()?;
    let exposition = ServiceBuilder::new()
        .map_response(log)
        .service(exposition.instrumented());
    let show_user = async move || {
        waiting.get_or_create(&[("queue", "mail")]).inc();
        "a user\n"
    };
    let app = Router::new()
        .route("/users/{id}", get(show_user))
        .layer(metrics)
        .route_service("/metrics", exposition);

    let port = env::var("PORT").map_or(Ok(3006), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try   curl http://{address}/users/7");
    println!("and   curl -i http://{address}/metrics");
    Ok(axum::serve(listener, app).await?)
}
