use crate::keys;
use tokio::runtime::Handle;
use tower_red::{
    Buckets, BuildError, Exposition, MetricsLayer, MetricsLayerBuilder, NativeHistogram, Operation,
    ProcessMetrics, ResolvedOperation, TokioMetrics, TraceId,
    prometheus_client::{metrics::counter::Counter, registry::Registry},
};

/// Label sets of the search, whose label is open to its clients.
const BUDGET: usize = 200;

/// What measures the service, all of it on one endpoint.
pub(super) struct Layers {
    pub(super) shop: MetricsLayer,
    pub(super) search: MetricsLayer,
    pub(super) stock: MetricsLayer,
    pub(super) query: ResolvedOperation,
    pub(super) uploads: Counter,
    pub(super) exposition: Exposition,
}

impl Layers {
    pub(super) fn new() -> Result<Self, BuildError> {
        let uploads = Counter::default();
        let mut registry = Registry::default();
        registry.register("uploads", "Uploads that were taken", uploads.clone());
        let (shop, exposition) = measured(keys::SHOP)
            .label("tenant", ["acme", "globex"], |head| head.header("x-tenant"))
            .label_up_to("plan", 3, |head| head.header("x-plan"))
            .response_label("cache", ["hit", "miss"], |head| head.header("x-cache"))
            .grpc_service("shop.Orders")
            .buckets_for(
                ["/slow-head", "/slow-body"],
                Buckets::custom([0.05, 0.1, 0.2])?,
            )
            .initialize([("GET", "/users/{id}"), ("POST", "/orders")])
            .response_start()
            .registry(registry)
            .build_info("1.4.2", "9fceb02")
            .collector(ProcessMetrics::new())
            .collector(TokioMetrics::new(&Handle::current()))
            .pair()?;
        let search = measured(keys::SEARCH)
            .label_up_to("campaign", 1_000, |head| head.header("x-campaign"))
            .max_label_sets(BUDGET)
            .time_to_first_byte()
            .expose_on(&exposition)?;
        Ok(Self {
            shop,
            search,
            stock: stock(&exposition)?,
            query: query(&exposition)?,
            uploads,
            exposition: exposition.instrumented(),
        })
    }
}

fn measured(part: &str) -> MetricsLayerBuilder {
    MetricsLayer::builder()
        .constant_label("part", part)
        .http_version()
        .response_body_bytes()
        .request_body_bytes()
        .native_histogram(NativeHistogram::default())
        .exemplar(|head| TraceId::from_traceparent(head.headers))
}

fn stock(exposition: &Exposition) -> Result<MetricsLayer, BuildError> {
    MetricsLayer::builder()
        .client()
        .peers(["stock"])
        .constant_label("part", keys::STOCK)
        .expose_on(exposition)
}

fn query(exposition: &Exposition) -> Result<ResolvedOperation, BuildError> {
    let queries = Operation::builder("db_query").labels(["operation", "table"]);
    Ok(queries.expose_on(exposition)?.with(["select", "orders"]))
}
