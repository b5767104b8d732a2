//! The user's registry, read into the model.
//!
//! By way of its text: `prometheus-client` has typed families too, but they cost a user's build a compiler of
//! protobuf. Reading text costs less than the library takes to write it.

mod histogram;
mod labels;
mod reader;

use self::reader::Reader;
use crate::{
    ScrapeError,
    model::{Family, Kind},
    sync::yield_now,
};
use prometheus_client::{encoding::text::encode_registry, registry::Registry};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many lines are read before others get their turn.
const LINES_PER_STRETCH: usize = 512;

/// The families of a registry. The library writes all of them in one stretch.
pub(crate) async fn read(registry: &Registry) -> Result<Vec<Family>, ScrapeError> {
    let text = encode(registry)?;
    let mut reader = Reader::new(&text);
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
        Some((name.to_owned(), reader::parse_kind(kind)?))
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
