//! The load: so many requests a second of many kinds, over kept and new connections of both protocols.

mod journey;
mod mix;
mod shared;
mod streams;
mod upload;
mod workers;

pub(crate) use self::workers::{Load, Sent};
