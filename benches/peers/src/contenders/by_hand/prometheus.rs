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
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use std::time::Instant;

const LABELS: [&str; 3] = ["method", "route", "status"];

pub(in super::super) const CONTENDER: Contender = Contender {
    name: "by-hand-prometheus",
    package: Some("prometheus"),
    title: "by hand on prometheus",
    records: RECORDS,
    set_up: |_| Box::new(ByHand::new().expect("the metrics are valid")),
};

struct ByHand {
    vectors: Vectors,
    registry: Registry,
}

/// Each is a reference count.
#[derive(Clone)]
struct Vectors {
    requests: IntCounterVec,
    duration: HistogramVec,
}

impl ByHand {
    fn new() -> prometheus::Result<Self> {
        let requests = Opts::new("http_requests_total", "Requests");
        let duration = HistogramOpts::new("http_request_duration_seconds", "Duration");
        let vectors = Vectors {
            requests: IntCounterVec::new(requests, &LABELS)?,
            duration: HistogramVec::new(duration.buckets(BUCKETS.to_vec()), &LABELS)?,
        };
        let registry = Registry::new();
        registry.register(Box::new(vectors.requests.clone()))?;
        registry.register(Box::new(vectors.duration.clone()))?;
        Ok(Self { vectors, registry })
    }
}

impl Middleware for ByHand {
    fn add_to(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.vectors.clone(), track))
    }

    fn scrape(&self, send: Send<'_>) -> Option<Scrape> {
        Some(Scrape::in_one_stretch(send, || {
            TextEncoder::new()
                .encode_to_string(&self.registry.gather())
                .expect("metrics are encoded")
        }))
    }
}

async fn track(State(vectors): State<Vectors>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = route(&request);
    let response = next.run(request).await;
    let status = response.status();
    let labels = [method.as_str(), &route, status.as_str()];
    vectors.requests.with_label_values(&labels).inc();
    let duration = vectors.duration.with_label_values(&labels);
    duration.observe(begun.elapsed().as_secs_f64());
    response
}
