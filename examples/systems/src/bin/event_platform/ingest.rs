use crate::{processor::Queue, rate::RateLimit};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tower_red::{BuildError, Exposition, LabelNames, MetricsLayer};
use tower_red_systems::Problem;

/// Who may send events, and their keys.
const CUSTOMERS: [(&str, &str); 2] = [("ada", "key-of-ada"), ("bob", "key-of-bob")];

/// The API that takes events.
#[derive(Clone)]
pub(crate) struct Ingest {
    queue: Queue,
    limit: RateLimit,
    metrics: IngestMetrics,
}

/// What it counts beside its requests.
#[derive(Clone, Default)]
pub(crate) struct IngestMetrics {
    auth_failures: Family<[(&'static str, &'static str); 1], Counter>,
    rate_limited: Counter,
}

impl IngestMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let ingest = Self::default();
        let registry = registry.sub_registry_with_prefix("lynex_ingest");
        let help = "Events without a key that is known";
        registry.register("auth_failures", help, ingest.auth_failures.clone());
        let help = "Events of customers who sent too many";
        registry.register("rate_limited", help, ingest.rate_limited.clone());
        ingest
    }

    fn refuse(&self, reason: &'static str) -> Problem {
        self.auth_failures
            .get_or_create(&[("reason", reason)])
            .inc();
        Problem::new(StatusCode::UNAUTHORIZED, reason)
    }
}

/// The layer of its requests.
pub(crate) fn layer(exposition: &Exposition) -> Result<MetricsLayer, BuildError> {
    MetricsLayer::builder()
        .namespace("lynex_ingest")
        .label_names(
            LabelNames::default()
                .route("endpoint")
                .status("status_code"),
        )
        .expose_on(exposition)
}

impl Ingest {
    pub(crate) fn new(queue: Queue, limit: RateLimit, metrics: IngestMetrics) -> Self {
        Self {
            queue,
            limit,
            metrics,
        }
    }

    pub(crate) fn router(self) -> Router {
        let events = Router::new().route("/v1/events", post(take));
        events.with_state(self)
    }

    fn customer(&self, headers: &HeaderMap) -> Result<&'static str, Problem> {
        let key = headers.get("x-api-key");
        let key = key.ok_or_else(|| self.metrics.refuse("no_key"))?;
        let mut customers = CUSTOMERS.into_iter();
        let known = customers.find(|(_, known)| key == known);
        let (customer, _) = known.ok_or_else(|| self.metrics.refuse("unknown_key"))?;
        Ok(customer)
    }
}

/// The body is an event: its kind, and what happened.
async fn take(
    State(ingest): State<Ingest>,
    headers: HeaderMap,
    event: String,
) -> Result<StatusCode, Problem> {
    let customer = ingest.customer(&headers)?;
    if !ingest.limit.allows(customer) {
        ingest.metrics.rate_limited.inc();
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many"));
    }
    match ingest.queue.push(event) {
        true => Ok(StatusCode::ACCEPTED),
        false => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "queue_full")),
    }
}
