//! What can go wrong, as types that name the value.

mod build;
mod scrape;

pub use self::{build::BuildError, scrape::ScrapeError};
