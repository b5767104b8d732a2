//! What the builder can turn on, all at once: labels, more to measure, buckets by route, series from zero, a client and
//! an operation on the same endpoint.
//!
//! `cargo run --example options`, then what it says. `PORT` sets the port: 3010 by default, 0 for a free one.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use std::{convert::Infallible, env, error::Error, net::Ipv4Addr, time::Duration};
use tokio::net::TcpListener;
use tower::{ServiceExt, service_fn, util::BoxCloneSyncService};
use tower_red::{
    Buckets, DurationStatus, Exposition, MetricsLayer, Operation, ResolvedOperation, RouteTemplate,
};

type Stock = BoxCloneSyncService<Request<String>, http::Response<String>, Infallible>;

#[derive(Clone)]
struct Shop {
    /// A client of another service, as far as this example goes.
    stock: Stock,
    select: ResolvedOperation,
}

/// A client and an operation, on the endpoint of the server.
fn shop(exposition: &Exposition) -> Result<Shop, tower_red::BuildError> {
    let outgoing = MetricsLayer::builder()
        .client()
        .peers(["stock"])
        .expose_on(exposition)?;
    let answer =
        |_: Request<String>| async { Ok::<_, Infallible>(http::Response::new(String::new())) };
    let queries = Operation::builder("db_query")
        .labels(["operation", "table"])
        .buckets(Buckets::custom([0.001, 0.01, 0.1])?)
        .expose_on(exposition)?;
    let client = tower::Layer::layer(&outgoing, service_fn(answer));
    let client = client.map_response(|response: http::Response<_>| response.map(|_| String::new()));
    Ok(Shop {
        stock: BoxCloneSyncService::new(client),
        select: queries.with(["select", "orders"]),
    })
}

async fn order(State(shop): State<Shop>, Path(id): Path<u32>) -> impl IntoResponse {
    let ask = Request::get("http://stock/items/1").extension(RouteTemplate::new("/items/{item}"));
    if let Ok(ask) = ask.body(String::new()) {
        let _ = shop.stock.oneshot(ask).await;
    }
    let found = shop.select.run(async {
        if id < 1_000 {
            Ok(())
        } else {
            Err("no such order")
        }
    });
    match found.await {
        Ok(()) => (StatusCode::OK, [("x-cache", "miss")]),
        Err(_) => (StatusCode::NOT_FOUND, [("x-cache", "hit")]),
    }
}

/// Slow, compared with everything else here.
async fn report() -> String {
    tokio::time::sleep(Duration::from_millis(20)).await;
    "x".repeat(5_000)
}

async fn limited(headers: HeaderMap) -> StatusCode {
    match headers.contains_key("x-again") {
        true => StatusCode::TOO_MANY_REQUESTS,
        false => StatusCode::OK,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (metrics, exposition) = MetricsLayer::builder()
        .label("tenant", ["acme", "globex"], |head| head.header("x-tenant"))
        .label_up_to("plan", 3, |head| head.header("x-plan"))
        .response_label("cache", ["hit", "miss"], |head| head.header("x-cache"))
        .error_statuses(|status| status.is_server_error() || status == 429)
        .duration_status(DurationStatus::Class)
        .http_version()
        .buckets(Buckets::fast())
        .buckets_for(["/report"], Buckets::custom([0.001, 0.5, 60.0])?)
        .response_start()
        .response_body_bytes()
        .request_body_bytes()
        .initialize([("GET", "/orders/{id}"), ("GET", "/never")])
        .pair()?;
    let app = Router::new()
        .route("/orders/{id}", get(order))
        .route("/report", get(report))
        .route("/limited", get(limited))
        .route(
            "/upload",
            post(|body: String| async move { body.len().to_string() }),
        )
        .with_state(shop(&exposition)?)
        .layer(metrics)
        .route_service("/metrics", exposition);

    let port = env::var("PORT").map_or(Ok(3010), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try   curl -H 'x-tenant: acme' http://{address}/orders/7");
    println!("and   curl http://{address}/metrics");
    Ok(axum::serve(listener, app).await?)
}
