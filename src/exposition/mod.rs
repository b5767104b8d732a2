//! The endpoint: what it exposes, how it is asked, and what it answers.

mod body;
mod chunk;
mod endpoint;
#[cfg(feature = "otlp")]
mod export_counts;
mod filter;
mod future;
mod in_process;
mod instruments;
mod media_range;
pub(crate) mod method;
mod negotiation;
mod output;
mod reader;
mod registration;
mod response;
mod scrape;
mod service;
mod source;
mod stream;

pub use self::{body::ExpositionBody, endpoint::Exposition, future::ExpositionFuture};

#[cfg(feature = "otlp")]
pub(crate) use self::export_counts::ExportCounts;
pub(crate) use self::reader::Reader;
pub(crate) use self::registration::{check_foreign, register};
