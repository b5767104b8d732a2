//! The handlers, and what they have in common.

use super::{
    bodies::panic_silently,
    layers::Layers,
    query::Queries,
    witness::{Counts, WitnessLayer},
};
use crate::keys;
use axum::{
    body::Body,
    extract::{Path, State},
    http::{Request, Response, StatusCode},
    response::IntoResponse,
};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use std::{future::ready, io, sync::Arc, time::Duration};
use tokio::time::sleep;
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};
use tower_red::{RouteTemplate, prometheus_client::metrics::counter::Counter};

type Stock = BoxCloneSyncService<Request<String>, Response<Body>, io::Error>;

#[derive(Clone)]
pub(super) struct Shop {
    queries: Queries,
    stock: Stock,
    uploads: Counter,
}

impl Shop {
    pub(super) fn new(layers: &Layers, counts: &Arc<Counts>) -> Self {
        let witness = WitnessLayer::new(counts, keys::STOCK);
        let stock = layers.stock.layer(witness.layer(service_fn(stock)));
        let stock = stock.map_response(|response: Response<_>| response.map(Body::new));
        Self {
            queries: Queries {
                operation: layers.query,
                counts: counts.clone(),
            },
            stock: BoxCloneSyncService::new(stock),
            uploads: layers.uploads.clone(),
        }
    }
}

/// Another service, as far as this one goes.
async fn stock(request: Request<String>) -> Result<Response<String>, io::Error> {
    let status = match request.body().parse::<u64>().unwrap_or_default() % 16 {
        0 => return Err(io::ErrorKind::ConnectionRefused.into()),
        1 => StatusCode::NOT_FOUND,
        2 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let mut response = Response::new("seven".to_owned());
    *response.status_mut() = status;
    Ok(response)
}

pub(super) async fn user(Path(id): Path<u64>) -> impl IntoResponse {
    let cache = if id % 2 == 0 { "hit" } else { "miss" };
    ([("x-cache", cache)], format!("user {id}\n"))
}

pub(super) async fn order(State(shop): State<Shop>, Path(id): Path<u64>) -> StatusCode {
    let found = match id % 10 {
        0 => Err("no such order"),
        _ => Ok(StatusCode::OK),
    };
    let found = shop.queries.run(ready(found)).await;
    found.unwrap_or(StatusCode::NOT_FOUND)
}

pub(super) async fn new_order(State(shop): State<Shop>, body: String) -> impl IntoResponse {
    let written = shop.queries.run(ready(Ok(body.len()))).await;
    (StatusCode::CREATED, format!("{written:?}"))
}

/// Reads what comes, however long it is.
pub(super) async fn upload(State(shop): State<Shop>, body: Body) -> StatusCode {
    let mut data = body.into_data_stream();
    while let Some(chunk) = data.next().await {
        if chunk.is_err() {
            return StatusCode::BAD_REQUEST;
        }
    }
    shop.uploads.inc();
    StatusCode::NO_CONTENT
}

/// Whoever hangs up before its head cancels its query, too.
pub(super) async fn slow_head(State(shop): State<Shop>) -> Result<(), StatusCode> {
    let slow = async {
        sleep(Duration::from_millis(60)).await;
        Ok(())
    };
    let result = shop.queries.run(slow).await;
    result.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

pub(super) async fn panics(State(shop): State<Shop>) {
    let panics = shop.queries.run(async { panic_silently() });
    let _: Result<(), _> = panics.await;
}

pub(super) async fn status(Path(code): Path<u16>) -> Result<StatusCode, StatusCode> {
    StatusCode::from_u16(code).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Asks the other service, whose response is dropped unread for some.
pub(super) async fn item(
    State(shop): State<Shop>,
    Path(item): Path<u64>,
) -> Result<Vec<u8>, StatusCode> {
    let request = Request::get("http://stock/items")
        .extension(RouteTemplate::new("/items/{item}"))
        .body(item.to_string());
    let request = request.map_err(|_| StatusCode::BAD_REQUEST)?;
    let response = shop.stock.oneshot(request).await;
    let response = response.map_err(|_| StatusCode::BAD_GATEWAY)?;
    if item % 5 == 0 {
        return Err(StatusCode::GATEWAY_TIMEOUT);
    }
    let body = response.into_body().collect().await;
    let body = body.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(body.to_bytes().into())
}

pub(super) async fn search() -> &'static str {
    "nothing found\n"
}
