use super::{
    super::{
        contender::{Contender, Middleware, Scrape, Send},
        recorder::Recorder,
    },
    route,
};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use metrics::{counter, histogram};
use std::time::Instant;

pub(in super::super) const CONTENDER: Contender = Contender {
    name: "by-hand-metrics",
    package: Some("metrics"),
    title: "by hand on metrics",
    records: "requests, duration to the head; buckets are filled apart from requests",
    set_up: |_| Box::new(ByHand(Recorder::install("http_request_duration_seconds"))),
};

struct ByHand(Recorder);

impl Middleware for ByHand {
    fn add_to(&self, router: Router) -> Router {
        router.layer(from_fn(track))
    }

    fn scrape(&self, send: Send<'_>) -> Option<Scrape> {
        Some(self.0.scrape(send))
    }

    fn upkeep(&self) {
        self.0.upkeep();
    }
}

/// As in axum's own example.
async fn track(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = route(&request);
    let response = next.run(request).await;
    let labels = [
        ("method", method.to_string()),
        ("route", route),
        ("status", response.status().as_u16().to_string()),
    ];
    counter!("http_requests_total", &labels).increment(1);
    histogram!("http_request_duration_seconds", &labels).record(begun.elapsed().as_secs_f64());
    response
}
