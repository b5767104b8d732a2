use super::{layers::Layers, witness::Counts};
use crate::memory::Memory;
use axum::{Router, http::StatusCode, routing::get};
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::{CompressionLevel, compression::CompressionLayer};

/// The endpoint and the page, and what the soak asks beside them.
pub(super) fn router(layers: Layers, counts: Arc<Counts>) -> Router {
    let Layers {
        shop,
        search,
        stock,
        exposition,
        ..
    } = layers;
    let idle = async move || {
        shop.idle().await;
        search.idle().await;
        stock.idle().await;
    };
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let page = exposition.page();
    Router::new()
        .route_service("/red", page)
        .route_service(
            "/metrics",
            ServiceBuilder::new().layer(compression).service(exposition),
        )
        .route("/soak/memory", get(memory))
        .route("/soak/counts", get(async move || counts.text()))
        .route("/soak/idle", get(idle))
}

async fn memory() -> Result<String, StatusCode> {
    let memory = Memory::now().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(memory.line())
}
