//! Scrapers, and what they see.

mod check;
mod families;
mod format;
mod histograms;
mod monitor;
mod protobuf;
mod sample;
mod scrapers;
mod text;

pub(crate) use self::{
    families::Families,
    format::FORMATS,
    monitor::{Monitor, Times},
    scrapers::start,
};
