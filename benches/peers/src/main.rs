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
use report::Results;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let Cli { command, options } = Cli::parse();
    match command {
        None => {
            let results = measure::all(&options);
            results.save(&options.results)?;
            report::show(&results, &options.chart)
        }
        Some(Command::Show) => report::show(&Results::load(&options.results)?, &options.chart),
        Some(Command::Child { job, contender }) => child::answer(&job, contender.find()),
    }
}
