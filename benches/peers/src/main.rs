//! What tower-red costs, beside its peers: `cargo run --release` measures all, prints the tables, and draws
//! the chart. `cargo run --release -- --help` says how to measure less of it, or more.

mod allocator;
mod child;
mod cli;
mod contenders;
mod measure;
mod report;
mod statistics;
#[path = "../../support/mod.rs"]
mod support;

use clap::Parser;
use cli::{Cli, Command};
use measure::Results;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let Cli { command, options } = Cli::parse();
    match command {
        None => {
            let earlier = Results::load(&options.results).unwrap_or_default();
            let results = measure::all(&options.plan(), earlier);
            results.save(&options.results)?;
            results.show(&options.chart)
        }
        Some(Command::Show) => Results::load(&options.results)?.show(&options.chart),
        Some(Command::Child { job, contender }) => measure::answer(&job, contender.find()),
    }
}
