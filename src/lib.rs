#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "axum"),
    doc = "Tower middleware for HTTP RED metrics. The front page is in the docs with the feature `axum`."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod buckets;
mod builder;
mod error;
mod exposition;
mod future;
mod label;
mod layer;
mod naming;
mod native;
mod recording;
mod service;
mod store;
mod trace_id;

pub use self::{
    body::ResponseBody,
    buckets::Buckets,
    builder::MetricsLayerBuilder,
    error::BuildError,
    exposition::{Exposition, ExpositionBody, ExpositionFuture, ScrapeError},
    future::ResponseFuture,
    label::{peer::Peer, route::RouteTemplate},
    layer::MetricsLayer,
    naming::{LabelNames, Naming},
    native::NativeHistogram,
    service::Metrics,
    trace_id::TraceId,
};
