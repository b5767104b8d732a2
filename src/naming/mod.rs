//! The names of families and labels, and what each label shows of a key.

mod axum_prometheus;
mod choice;
mod convention;
mod duration_status;
mod errors;
mod label_names;
mod labels;
mod names;
mod open_telemetry;
mod prometheus;
mod reason;
mod red_family;
mod role;
mod series;

pub use self::{
    choice::Naming, duration_status::DurationStatus, label_names::LabelNames, red_family::RedFamily,
};

pub(crate) use self::{
    convention::{Convention, FamilySpec, Measure, Settings},
    errors::{ErrorFunctions, Errors},
    labels::{LabelSource, LabelValues},
    names::{check_label, invalid_label, is_name, with_suggestion},
    reason::Reason,
    role::Role,
    series::{SeriesFilter, SeriesSpec},
};

use self::convention::NamingDefinition;
