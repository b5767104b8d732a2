//! Who is compared: each adds itself to a router the way its documentation says.

mod axum_otel_metrics;
mod axum_prometheus;
mod by_hand;
mod contender;
mod nothing;
mod opentelemetry_tower;
mod recorder;
mod tower_red;
mod trace_layer;

pub(crate) use self::contender::{
    AXUM_PROMETHEUS, BARE, Contender, Middleware, STOPPED, TOWER_RED, WRAPPER,
};

pub(crate) const ALL: [Contender; 12] = [
    nothing::BARE,
    nothing::LAYER,
    nothing::WRAPPER,
    trace_layer::CONTENDER,
    tower_red::CONTENDER,
    tower_red::STOPPED,
    by_hand::prometheus::CONTENDER,
    by_hand::prometheus_client::CONTENDER,
    by_hand::metrics::CONTENDER,
    axum_otel_metrics::CONTENDER,
    opentelemetry_tower::CONTENDER,
    axum_prometheus::CONTENDER,
];

pub(crate) fn find(name: &str) -> Option<&'static Contender> {
    ALL.iter().find(|contender| contender.name == name)
}
