//! Outgoing requests: the same layer around a client.
//!
//! `cargo run --example client` starts a small server, calls it in good and bad ways, and prints what the
//! client's metrics say of that.

use axum::{Router, http::StatusCode, routing::get};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{error::Error, future::pending, net::Ipv4Addr, time::Duration};
use tokio::{net::TcpListener, time::timeout};
use tower::{Layer, ServiceExt};
use tower_red::{Metrics, MetricsLayer, RouteTemplate};

type Measured = Metrics<Client<HttpConnector, Full<Bytes>>>;

/// Calls are named by what the program says, and not by their URL.
const STOCK: RouteTemplate = RouteTemplate::new("/stock/{item}");

async fn stock(client: &Measured, server: &str, item: &str) -> Result<String, Box<dyn Error>> {
    let request = Request::get(format!("{server}/stock/{item}"))
        .extension(STOCK)
        .body(Full::default())?;
    let response = client.clone().oneshot(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(format!("{status}, {} bytes", body.len()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let warehouse = Router::new()
        .route("/stock/apples", get(|| async { "12" }))
        .route(
            "/stock/pears",
            get(|| async { StatusCode::SERVICE_UNAVAILABLE }),
        )
        .route("/stock/plums", get(pending::<()>));
    tokio::spawn(async { axum::serve(listener, warehouse).await });

    // Peers that are not on the list would be `_OTHER`.
    let (metrics, exposition) = MetricsLayer::builder()
        .client()
        .peers([address.to_string(), "localhost:9".into()])
        .pair()?;
    let client = metrics.layer(Client::builder(TokioExecutor::new()).build_http());

    let server = format!("http://{address}");
    for item in ["apples", "pears", "cherries"] {
        println!("{item}: {}", stock(&client, &server, item).await?);
    }
    let patience = Duration::from_millis(100);
    if timeout(patience, stock(&client, &server, "plums"))
        .await
        .is_err()
    {
        println!("plums: no answer in {patience:?}");
    }
    if let Err(error) = stock(&client, "http://localhost:9", "apples").await {
        println!("elsewhere: {error}");
    }

    // A process without a server of its own would have a port for this alone.
    let scrape = exposition.oneshot(Request::new(())).await?;
    let text = String::from_utf8(scrape.into_body().collect().await?.to_bytes().into())?;
    let told = |line: &&str| !line.starts_with('#') && !line.contains("_bucket{");
    println!();
    for line in text.lines().filter(told) {
        println!("{line}");
    }
    Ok(())
}
