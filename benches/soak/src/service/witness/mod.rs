//! A second opinion: a layer inside of the one that is soaked, which sees the same requests end and counts them by
//! itself, as simply as it can be done. It boxes each future and takes a lock for each request.

mod body;
mod counts;
mod request;
mod service;

pub(super) use self::{body::WitnessedBody, counts::Counts, service::WitnessLayer};
