//! What the systems share, beside the ports and signals that all larger examples do.

mod client;
mod database;
mod problem;

pub use self::{
    client::{send, send_with},
    database::Database,
    problem::{Problem, ProblemKind},
};

use std::env;

/// Whether the built-in load is to run: unless `LOAD` is `off`.
#[must_use]
pub fn load_is_on() -> bool {
    env::var_os("LOAD").is_none_or(|load| load != "off")
}
