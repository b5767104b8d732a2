// The README's links and pictures have other targets here than on GitHub. The first definition of a link counts.
#![cfg_attr(all(doc, not(doctest)), doc = include_str!("docs/links.md"))]
#![cfg_attr(all(doc, not(doctest)), doc = include_str!("docs/pictures.md"))]
#![cfg_attr(
    all(doc, any(not(doctest), all(feature = "axum", feature = "page"))),
    doc = include_str!("../README.md")
)]
#![cfg_attr(not(doc), doc = "Tower middleware for HTTP RED metrics.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod builder;
mod clock;
#[cfg(doc)]
pub mod docs;
mod error;
mod exposition;
mod format;
mod future;
mod gather;
mod histogram;
mod label;
mod layer;
mod model;
mod naming;
mod operation;
#[cfg(feature = "page")]
mod page;
mod process;
#[cfg(feature = "otlp")]
mod push;
mod registry;
mod request;
mod service;
mod store;
mod sync;

/// The library whose registries are exposed, in the version that this crate is built with.
pub use prometheus_client;

#[cfg(feature = "page")]
pub use self::page::Page;
pub use self::{
    body::ResponseBody,
    builder::MetricsLayerBuilder,
    clock::TestClock,
    error::{BuildError, ScrapeError},
    exposition::{Exposition, ExpositionBody, ExpositionFuture},
    future::ResponseFuture,
    gather::{ActiveSelection, Selection, Snapshot},
    histogram::{Buckets, NativeHistogram},
    label::{Peer, RequestHead, ResponseHead, RouteTemplate},
    layer::MetricsLayer,
    naming::{DurationStatus, LabelNames, Naming, RedFamily},
    operation::{
        ActiveOperation, AnyError, EnteredOperation, ErrorKind, ItemMark, MarkWhen, NoMark,
        Operation, OperationBuilder, OperationFuture, OperationStream, ResolvedOperation,
    },
    process::BuildInfo,
    request::TraceId,
    service::Metrics,
};

#[cfg(feature = "process")]
pub use self::process::ProcessMetrics;
#[cfg(feature = "tokio")]
pub use self::process::TokioMetrics;
#[cfg(feature = "otlp")]
pub use self::{
    error::{ExportError, OtlpError},
    push::{Otlp, OtlpBody, OtlpBuilder, OtlpProtocol},
};
