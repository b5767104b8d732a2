use super::contender::{self, Contender, Middleware};
use crate::support::NothingLayer;
use axum::Router;
use tower::layer::layer_fn;

pub(super) const BARE: Contender = Contender {
    name: contender::BARE,
    package: Some("axum"),
    title: "bare axum router",
    records: "nothing",
    set_up: |_| Box::new(Bare),
};

pub(super) const LAYER: Contender = Contender {
    name: "layer",
    package: None,
    title: "layer that does nothing",
    records: "nothing: axum boxes each service that a layer makes",
    set_up: |_| Box::new(Layer),
};

pub(super) const WRAPPER: Contender = Contender {
    name: contender::WRAPPER,
    package: None,
    title: "layer that wraps future and body, and does nothing",
    records: "nothing: the least that it takes to see a response end",
    set_up: |_| Box::new(Wrapper),
};

struct Bare;

impl Middleware for Bare {
    fn add_to(&self, router: Router) -> Router {
        router
    }
}

struct Layer;

impl Middleware for Layer {
    fn add_to(&self, router: Router) -> Router {
        router.layer(layer_fn(|route| route))
    }
}

struct Wrapper;

impl Middleware for Wrapper {
    fn add_to(&self, router: Router) -> Router {
        router.layer(NothingLayer)
    }
}
