//! What can go wrong, as types that name the value.

mod build;
mod build_message;
#[cfg(feature = "otlp")]
mod export;
#[cfg(feature = "otlp")]
mod otlp;
mod scrape;

pub use self::{build::BuildError, scrape::ScrapeError};
#[cfg(feature = "otlp")]
pub use self::{export::ExportError, otlp::OtlpError};
