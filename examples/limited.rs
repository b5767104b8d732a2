//! Limits around the endpoint: too many scrapes are refused at once, and the application does not notice.
//!
//! `cargo run --example limited`, then what it says. `PORT` sets the port: 3003 by default, 0 for a free one.

use axum::{
    BoxError, Router,
    error_handling::HandleErrorLayer,
    http::StatusCode,
    routing::{MethodRouter, any_service, get},
};
use std::{env, error::Error, net::Ipv4Addr, time::Duration};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, load_shed::error::Overloaded};
use tower_red::{Exposition, MetricsLayer};

/// Scrapes at once: two servers that keep the same data, each with its own rhythm. One is prepared at a time, and
/// the other waits for it.
const AT_ONCE: usize = 2;
/// Scrapes a minute: each of the two every two seconds.
const A_MINUTE: u64 = 60;

/// The endpoint, with limits of its own. They hold for everybody together: a check of who asks belongs outside of
/// them, or any stranger uses up what was meant for Prometheus.
pub(crate) fn limited(exposition: Exposition) -> MethodRouter {
    let layers = ServiceBuilder::new()
        // axum has to be told what becomes of errors.
        .layer(HandleErrorLayer::new(refuse))
        // A router clones its services, and a rate limit cannot be cloned: all of them send to this one. Nothing
        // queues here for longer than it takes to be refused.
        .buffer(16)
        // Outside of both limits: what they would have wait, this refuses.
        .load_shed()
        .concurrency_limit(AT_ONCE)
        .rate_limit(A_MINUTE, Duration::from_secs(60));
    any_service(exposition).layer(layers)
}

/// 503 and not 429: it is not said that the one who is refused asked too often.
async fn refuse(error: BoxError) -> (StatusCode, String) {
    let status = match error.is::<Overloaded>() {
        true => StatusCode::SERVICE_UNAVAILABLE,
        false => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, format!("no scrape: {error}\n"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "a user\n" }))
        .layer(metrics)
        // The limits are the endpoint's. As a layer of the router they would be the application's as well.
        // Refused scrapes do not reach it, and so are not among the scrapes that it counts.
        .route("/metrics", limited(exposition.instrumented()));

    let port = env::var("PORT").map_or(Ok(3003), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try   curl -sw '%{{http_code}}\\n' -o /dev/null 'http://{address}/metrics?[1-70]'");
    println!("and   curl http://{address}/users/7");
    Ok(axum::serve(listener, app).await?)
}
