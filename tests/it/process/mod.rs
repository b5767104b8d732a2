//! What the process, its runtime and its build are, on the same endpoint.

mod builds_are_named;
#[cfg(feature = "process")]
mod figures_are_those_of_the_system;
#[cfg(feature = "tokio")]
mod runtimes_are_summed_up;

use crate::support::Scrape;
use prometheus_client::registry::Registry;
use tower_red::Exposition;

/// What is declared, in the order of the text: names and types.
#[cfg(any(feature = "process", feature = "tokio"))]
fn types(text: &str) -> Vec<&str> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.collect()
}

fn nothing() -> Exposition {
    Exposition::new(Registry::default())
}

fn scrape(exposition: &Exposition) -> Scrape {
    Scrape::parse(&exposition.render().unwrap())
}
