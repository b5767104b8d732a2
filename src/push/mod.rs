//! Pushes what an endpoint exposes, by OpenTelemetry's protocol.
//!
//! [`Otlp`] is the loop, `Exporter` one export with all that it tries, `Snapshot` what is written of one moment, and
//! `Sender` one request and what came of it.

mod backoff;
mod baggage;
mod body;
mod build;
mod builder;
mod checks;
mod client;
mod endpoint;
mod env;
mod exporter;
mod grpc;
mod gzip;
mod http;
mod otlp;
mod protocol;
mod race;
mod random;
mod resource;
mod sender;
mod snapshot;
mod tls;
mod transport;
mod verdict;

pub use self::{body::OtlpBody, builder::OtlpBuilder, otlp::Otlp, protocol::OtlpProtocol};
