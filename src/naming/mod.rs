//! The names of families and labels, and what each label shows of a key.

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
