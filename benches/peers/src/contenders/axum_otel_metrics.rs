use super::contender::{Contender, Middleware, Scrape, Send};
use axum::Router;
use axum_otel_metrics::{HttpMetricsLayer, HttpMetricsLayerBuilder};
use opentelemetry_prometheus_0_32::exporter;
use opentelemetry_sdk_0_32::metrics::{Instrument, SdkMeterProvider, Stream};
use prometheus::{Registry, TextEncoder};

pub(super) const CONTENDER: Contender = Contender {
    name: "axum-otel-metrics",
    package: Some("axum-otel-metrics"),
    title: "axum-otel-metrics",
    records: "duration to the head, announced body sizes of request and response, in flight; \
              five labels",
    set_up: |label_sets| {
        let registry = Registry::new();
        let provider = provider(&registry, label_sets);
        let layer = HttpMetricsLayerBuilder::new().with_provider(provider.clone());
        Box::new(AxumOtelMetrics {
            layer: layer.build(),
            registry,
            _provider: provider,
        })
    },
};

struct AxumOtelMetrics {
    layer: HttpMetricsLayer,
    registry: Registry,
    /// Nothing is collected once it is dropped.
    _provider: SdkMeterProvider,
}

impl Middleware for AxumOtelMetrics {
    fn add_to(&self, router: Router) -> Router {
        router.layer(self.layer.clone())
    }

    fn scrape(&self, send: Send<'_>) -> Option<Scrape> {
        Some(Scrape::in_one_stretch(send, || {
            TextEncoder::new()
                .encode_to_string(&self.registry.gather())
                .expect("metrics are encoded")
        }))
    }
}

fn provider(registry: &Registry, label_sets: usize) -> SdkMeterProvider {
    let reader = exporter().with_registry(registry.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader.expect("a new registry"));
    if label_sets == 0 {
        return provider.build();
    }
    // Past the limit, everything is one label set.
    let view = move |_: &Instrument| {
        let stream = Stream::builder().with_cardinality_limit(label_sets);
        stream.build().ok()
    };
    provider.with_view(view).build()
}
