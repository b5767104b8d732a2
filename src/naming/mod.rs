//! Names of families and labels, and which label a key gets in each: the projection.

mod axum_prometheus;
mod convention;
mod label_names;
mod labels;
mod open_telemetry;
mod prometheus;

pub use self::{convention::Naming, label_names::LabelNames};

pub(crate) use self::{
    convention::{Convention, Family, Role, Settings, Value},
    labels::{Column, Group, Labels, Shown},
};
