//! What a service counts by the `prometheus` crate, on the endpoint of the layer.
//!
//! `cargo run --bin prometheus_crate` in `examples/beside`, then what it says. `PORT` sets the port, 3007 by default; 0
//! for a free one.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use prometheus::{
    Histogram, HistogramOpts, IntCounter, Registry, TextEncoder, register_histogram_with_registry,
    register_int_counter_with_registry,
};
use std::{env, error::Error, net::Ipv4Addr};
use tokio::net::TcpListener;
use tower_red::MetricsLayer;

/// What the service counts by itself.
#[derive(Clone)]
struct Shop {
    orders: IntCounter,
    prices: Histogram,
}

impl Shop {
    fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let prices = HistogramOpts::new("order_price_euros", "What an order costs.");
        let prices = prices.buckets(vec![10.0, 100.0]);
        Ok(Self {
            orders: register_int_counter_with_registry!(
                "orders_total",
                "Orders that came in.",
                registry
            )?,
            prices: register_histogram_with_registry!(prices, registry)?,
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The default registry would do as well: `prometheus::gather()`.
    let registry = Registry::new();
    let shop = Shop::register(&registry)?;

    // What it has to say comes with every scrape. A panic in it is a 500, and nothing else.
    let text = move || {
        let text = TextEncoder::new().encode_to_string(&registry.gather());
        text.expect("the registry's metrics can be written")
    };
    let (metrics, exposition) = MetricsLayer::builder().beside(text).pair()?;

    let app = Router::new()
        .route("/orders", post(order))
        .with_state(shop)
        .layer(metrics)
        .route_service("/metrics", exposition);

    let port = env::var("PORT").unwrap_or_else(|_| "3007".into()).parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try: curl --data 25 http://{address}/orders; curl http://{address}/metrics");
    Ok(axum::serve(listener, app).await?)
}

async fn order(State(shop): State<Shop>, price: String) -> StatusCode {
    let Ok(price) = price.parse::<f64>() else {
        return StatusCode::BAD_REQUEST;
    };
    shop.orders.inc();
    shop.prices.observe(price);
    StatusCode::CREATED
}
