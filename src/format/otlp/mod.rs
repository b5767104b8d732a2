//! Messages of OpenTelemetry's protocol, by the numbers of its `metrics.proto` and `metrics_service.proto`.

mod attributes;
mod chunks;
mod points;
mod request;
mod response;
mod units;

pub(crate) use self::{
    attributes::{Attribute, Value},
    chunks::Chunks,
    request::RequestWriter,
    response::{PartialSuccess, Status},
};
