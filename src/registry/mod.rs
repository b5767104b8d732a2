//! What others count, read into the model: the user's registry, and the texts of other libraries.
//!
//! A registry is read by way of its text too: `prometheus-client` has typed families, but they cost a user's build a
//! compiler of protobuf. Reading text costs less than the library takes to write it.

mod classic;
mod compound;
mod family;
mod labels;
mod library;
mod line;
mod reader;
#[cfg(test)]
mod tests;

use self::reader::{Dialect, Reader};
use crate::{
    ScrapeError,
    model::{Family, Kind},
    sync::yield_now,
};
use prometheus_client::{
    collector::Collector, encoding::text::encode_registry, registry::Registry,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many lines are read before others get their turn.
const LINES_PER_STRETCH: usize = 512;

/// Where the families of others come from.
pub(crate) enum Foreign {
    Registry(Registry),
    /// What gives a text in the classic format.
    Text(Box<dyn Fn() -> String + Send + Sync>),
}

impl Foreign {
    pub(crate) fn collector(collector: impl Collector) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        Self::Registry(registry)
    }

    pub(crate) async fn read(&self) -> Result<Vec<Family>, ScrapeError> {
        match self {
            Self::Registry(registry) => read(registry).await,
            Self::Text(text) => read_beside(text).await,
        }
    }
}

/// The families of a registry. The library writes all of them in one stretch.
pub(crate) async fn read(registry: &Registry) -> Result<Vec<Family>, ScrapeError> {
    read_text(&encode(registry)?, Dialect::Library).await
}

/// The families of a text that is shown beside ours.
async fn read_beside(
    text: &(dyn Fn() -> String + Send + Sync),
) -> Result<Vec<Family>, ScrapeError> {
    // What it leaves behind when it panics is its own, and it is asked again next time.
    let text = catch_unwind(AssertUnwindSafe(text)).map_err(|_| ScrapeError::TextPanic)?;
    let mut families = read_text(&text, Dialect::Classic).await?;
    classic::keep_apart(&mut families);
    Ok(families)
}

async fn read_text(text: &str, dialect: Dialect) -> Result<Vec<Family>, ScrapeError> {
    let mut reader = Reader::new(text, dialect);
    while reader.read_lines(LINES_PER_STRETCH)? {
        yield_now().await;
    }
    Ok(reader.into_families())
}

/// The names of the families that a registry shows now; nothing of one that fails.
pub(crate) fn family_names(registry: &Registry) -> Vec<(String, Kind)> {
    let text = encode(registry).unwrap_or_default();
    let declared = text.lines().filter_map(|line| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some((name.to_owned(), library::parse_kind(kind)?))
    });
    declared.collect()
}

/// The text of a registry, as the library writes it: OpenMetrics without an end.
fn encode(registry: &Registry) -> Result<String, ScrapeError> {
    let encode = || {
        let mut text = String::new();
        encode_registry(&mut text, registry).map(|()| text)
    };
    // What a user's collector leaves behind when it panics is its own, and it is asked again next time.
    catch_unwind(AssertUnwindSafe(encode))
        .map_err(|_| ScrapeError::Panic)?
        .map_err(|_| ScrapeError::Encode)
}
