//! The families of one scrape: what a store counted, under the names of a convention.

mod bounds;
mod family_source;
mod http;
mod identity;
mod index;
mod merge;
mod projection;
mod schema;
mod scrape;
mod series;
mod snapshot;
mod source;
mod store_families;
mod table;
mod texts;

pub use self::snapshot::{ActiveSelection, Selection, Snapshot};

pub(crate) use self::{
    bounds::HistogramBounds,
    family_source::{FamilySource, find_duplicate},
    http::HttpSchema,
    identity::{Difference, Identity},
    merge::merge,
    schema::Schema,
    series::WhichBounds,
    snapshot::{Row, Who},
    store_families::StoreFamilies,
};
