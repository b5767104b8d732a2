use super::{
    bodies, calls,
    layers::Layers,
    shop::{self, Shop},
    witness::{Counts, WitnessLayer},
};
use crate::keys;
use axum::{
    Router,
    http::StatusCode,
    routing::{get, post, put},
};
use std::sync::Arc;

/// Two parts with a layer each, and within each layer a witness.
pub(super) fn router(layers: &Layers, counts: &Arc<Counts>) -> Router {
    let search = Router::new()
        .route("/search", get(shop::search))
        .layer(WitnessLayer::new(counts, keys::SEARCH))
        .layer(layers.search.clone());
    shop()
        .with_state(Shop::new(layers, counts))
        .layer(WitnessLayer::new(counts, keys::SHOP))
        .layer(layers.shop.clone())
        .merge(search)
}

fn shop() -> Router<Shop> {
    Router::new()
        .route("/users/{id}", get(shop::user))
        .route("/orders", post(shop::new_order))
        .route("/orders/{id}", get(shop::order))
        .route("/stock/{item}", get(shop::item))
        .route("/uploads/{id}", put(shop::upload))
        .route("/status/{code}", get(shop::status))
        .route("/files/{name}", get(bodies::file))
        .route("/export", get(bodies::export))
        .route("/events", get(bodies::events))
        .route("/slow-head", get(shop::slow_head))
        .route("/slow-body", get(bodies::slow))
        .route("/panic", get(shop::panics))
        .route("/panicking-body", get(bodies::panicking))
        .route("/broken-body", get(bodies::broken))
        .route("/shop.Orders/{method}", post(calls::call))
        .fallback(|| async { StatusCode::NOT_FOUND })
}
