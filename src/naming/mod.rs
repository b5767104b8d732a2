//! Names of families and labels, and which label a key gets in each: the projection.

mod axum_prometheus;
mod convention;
mod label_names;
mod labels;
mod open_telemetry;
mod prometheus;
mod reason;

pub use self::{convention::Naming, label_names::LabelNames};

pub(crate) use self::{
    convention::{Convention, FamilySpec, Measure, Role, Settings},
    labels::{LabelSource, LabelValues, SeriesFilter, SeriesSpec},
    reason::Reason,
};
