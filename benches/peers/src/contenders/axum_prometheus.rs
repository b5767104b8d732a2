use super::{
    contender::{AXUM_PROMETHEUS, Contender, Middleware, Scrape, Send},
    recorder::Recorder,
};
use axum::Router;
use axum_prometheus::{AXUM_HTTP_REQUESTS_DURATION_SECONDS, BaseMetricLayer};

pub(super) const CONTENDER: Contender = Contender {
    name: AXUM_PROMETHEUS,
    package: Some("axum-prometheus"),
    title: "axum-prometheus",
    records: "requests, duration to the head, in flight; buckets are filled apart from requests",
    set_up: |_| {
        Box::new(AxumPrometheus(Recorder::install(
            AXUM_HTTP_REQUESTS_DURATION_SECONDS,
        )))
    },
};

struct AxumPrometheus(Recorder);

impl Middleware for AxumPrometheus {
    fn add_to(&self, router: Router) -> Router {
        router.layer(BaseMetricLayer::new())
    }

    fn scrape(&self, send: Send<'_>) -> Option<Scrape> {
        Some(self.0.scrape(send))
    }

    fn upkeep(&self) {
        self.0.upkeep();
    }
}
