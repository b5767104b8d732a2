use super::{
    super::contender::{BUCKETS, Contender, Middleware, Scrape, Send},
    RECORDS, route,
};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use std::{sync::Arc, time::Instant};

pub(in super::super) const CONTENDER: Contender = Contender {
    name: "by-hand-prometheus-client",
    package: Some("prometheus-client"),
    title: "by hand on prometheus-client",
    records: RECORDS,
    set_up: |_| Box::new(ByHand::new()),
};

struct ByHand {
    families: Arc<Families>,
    registry: Registry,
}

struct Families {
    requests: Family<Labels, Counter>,
    duration: Family<Labels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    route: String,
    status: u16,
}

impl ByHand {
    fn new() -> Self {
        let families = Families {
            requests: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        };
        let mut registry = Registry::default();
        registry.register("http_requests", "Requests", families.requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Duration",
            families.duration.clone(),
        );
        Self {
            families: Arc::new(families),
            registry,
        }
    }
}

impl Middleware for ByHand {
    fn add_to(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::clone(&self.families), track))
    }

    fn scrape(&self, send: Send<'_>) -> Option<Scrape> {
        Some(Scrape::in_one_stretch(send, || {
            let mut text = String::new();
            encode(&mut text, &self.registry).expect("metrics are encoded");
            text
        }))
    }
}

async fn track(State(families): State<Arc<Families>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().to_string();
    let route = route(&request);
    let response = next.run(request).await;
    let labels = Labels {
        method,
        route,
        status: response.status().as_u16(),
    };
    families.requests.get_or_create(&labels).inc();
    let duration = families.duration.get_or_create(&labels);
    duration.observe(begun.elapsed().as_secs_f64());
    response
}
