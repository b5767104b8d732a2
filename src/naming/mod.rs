//! The names of families and labels, and what each label shows of a key.

mod axum_prometheus;
mod choice;
mod convention;
mod label_names;
mod labels;
mod open_telemetry;
mod prometheus;
mod reason;
mod role;

pub use self::{choice::Naming, label_names::LabelNames};

pub(crate) use self::{
    convention::{Convention, FamilySpec, Measure, Settings},
    labels::{LabelSource, LabelValues, SeriesFilter, SeriesSpec},
    reason::Reason,
    role::Role,
};
