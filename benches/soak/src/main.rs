//! A soak: a service under mixed traffic, aborts and scrapes for an hour, after which its memory has to be flat and its
//! totals exact. `cargo run --release`; `-- --minutes 5` for less of it, `-- --help` for more.
//!
//! The service is a process of its own, so that its memory is not that of what loads it.

mod allocator;
mod cli;
mod client;
mod keys;
mod load;
mod memory;
mod process;
mod random;
mod report;
mod scrape;
mod service;
mod soak;
mod totals;

use cli::Command;
use client::AnyError;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Serve) => exit(service::run()),
        Ok(Command::Soak(options)) => exit(soak::run(&options)),
        Ok(Command::Help) => {
            println!("{}", cli::USAGE);
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("{wrong}\n\n{}", cli::USAGE);
            ExitCode::from(2)
        }
    }
}

/// Fails if the soak found something, or could not be run at all.
fn exit(result: Result<bool, AnyError>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}
