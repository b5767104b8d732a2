use super::contender::{Contender, Middleware, Scrape, Send};
use axum::Router;
use opentelemetry::global;
use opentelemetry_instrumentation_tower::http::server::{Layer, LayerBuilder};
use opentelemetry_prometheus::exporter;
use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
use prometheus::{Registry, TextEncoder};

pub(super) const CONTENDER: Contender = Contender {
    name: "opentelemetry-tower",
    package: Some("opentelemetry-instrumentation-tower"),
    title: "opentelemetry-instrumentation-tower",
    records: "duration to the head, body sizes where they are announced, in flight; six labels; \
              its tracing is off",
    set_up: |label_sets| {
        let registry = Registry::new();
        // It takes its meter from there alone.
        global::set_meter_provider(provider(&registry, label_sets));
        let layer = LayerBuilder::builder().with_tracing(false);
        Box::new(OpenTelemetryTower {
            layer: layer.build().unwrap_or_else(|error| panic!("{error}")),
            registry,
        })
    },
};

struct OpenTelemetryTower {
    layer: Layer,
    registry: Registry,
}

impl Middleware for OpenTelemetryTower {
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

/// As for axum-otel-metrics, in another version of the SDK.
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
