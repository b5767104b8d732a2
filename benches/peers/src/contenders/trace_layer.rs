use super::contender::{Contender, Middleware};
use axum::Router;
use tower_http::trace::TraceLayer;

pub(super) const CONTENDER: Contender = Contender {
    name: "trace-layer",
    package: Some("tower-http"),
    title: "tower-http `TraceLayer`",
    records: "no metrics: events, here without a subscriber",
    set_up: |_| Box::new(Trace),
};

struct Trace;

impl Middleware for Trace {
    fn add_to(&self, router: Router) -> Router {
        router.layer(TraceLayer::new_for_http())
    }
}
