//! What a service counts by the `metrics` facade, on the endpoint of the layer.
//!
//! `cargo run --bin metrics_facade` in `examples/beside`, then what it says. `PORT` sets the port, 3006 by default; 0
//! for a free one.

use axum::{Router, http::StatusCode, routing::post};
use metrics::{counter, describe_counter, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{env, error::Error, net::Ipv4Addr, time::Duration};
use tokio::{net::TcpListener, time::interval};
use tower_red::MetricsLayer;

/// How often observations that nobody has scraped yet are summed up.
const UPKEEP: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The recorder of the whole process, as ever, but without its own endpoint.
    let prices = Matcher::Full("order_price_euros".into());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(prices, &[10.0, 100.0])?
        .install_recorder()?;
    describe_counter!("orders_total", "Orders that came in.");
    describe_histogram!("order_price_euros", "What an order costs.");
    tokio::spawn(keep_up(handle.clone()));

    // What it has to say comes with every scrape.
    let (metrics, exposition) = MetricsLayer::builder()
        .beside(move || handle.render())
        .pair()?;

    let app = Router::new()
        .route("/orders", post(order))
        .layer(metrics)
        .route_service("/metrics", exposition);

    let port = env::var("PORT").unwrap_or_else(|_| "3006".into()).parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try: curl --data 25 http://{address}/orders; curl http://{address}/metrics");
    Ok(axum::serve(listener, app).await?)
}

async fn order(price: String) -> StatusCode {
    let Ok(price) = price.parse::<f64>() else {
        return StatusCode::BAD_REQUEST;
    };
    counter!("orders_total", "kind" => "web").increment(1);
    gauge!("order_last_price_euros").set(price);
    histogram!("order_price_euros").record(price);
    // Without buckets it is a summary.
    histogram!("order_words").record(1.0);
    StatusCode::CREATED
}

async fn keep_up(handle: PrometheusHandle) {
    let mut ticks = interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}
