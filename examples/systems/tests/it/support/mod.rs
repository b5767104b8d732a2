//! A system that runs, and what it shows.

mod receiver;
mod system;

pub(crate) use self::{
    receiver::Receiver,
    system::{System, expect, scrape, shows},
};

/// The samples of the families that begin so, in order, a line each.
pub(crate) fn samples<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(prefix))
        .collect();
    lines.sort_unstable();
    lines
}
