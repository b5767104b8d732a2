//! What the README and the guide promise, a module a promise.

mod support;

#[cfg(feature = "axum")]
mod allocations;
mod api;
#[cfg(feature = "axum")]
mod axum;
mod beside;
mod builder;
#[cfg(feature = "axum")]
mod cardinality;
mod client;
mod composition;
mod concurrency;
#[cfg(feature = "axum")]
mod declared_length;
#[cfg(feature = "axum")]
mod demo;
mod distinct;
#[cfg(feature = "axum")]
mod endless_streams;
mod endpoint;
mod examples;
mod exemplars;
mod exposition;
#[cfg(feature = "axum")]
mod foreign_code;
mod from_zero;
mod grpc;
mod grpc_client;
mod grpc_proof;
mod hyper;
#[cfg(feature = "axum")]
mod lifecycle;
#[cfg(feature = "axum")]
mod measures;
mod mistakes;
mod naming;
mod operations;
#[cfg(feature = "axum")]
mod options;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "page")]
mod page;
mod process;
#[cfg(feature = "protobuf")]
mod protobuf;
mod random_model;
mod routes;
mod several_layers;
#[cfg(feature = "axum")]
mod snapshots;
mod streams;
mod stretches;
mod switched_off;
mod tonic;
#[cfg(feature = "axum")]
mod untrusted_grpc_headers;
mod user_labels;
