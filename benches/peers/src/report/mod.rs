//! How figures are shown to people: tables, a chart, and the machine that they are of.

mod chart;
mod machine;
mod table;

pub(crate) use self::{
    chart::{Bar, draw},
    machine::Machine,
    table::Table,
};
