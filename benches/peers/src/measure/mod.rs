//! What is measured, one file for each: how a child measures it, and the table of what children found.

mod allocations;
mod heap;
mod instructions;
mod label_sets;
mod results;
mod rounds;
mod scaling;
mod scrape;
mod time;
mod versions;

pub(crate) use self::results::Results;

use self::rounds::Rounds;
use crate::{child::Job, contenders::Contender, report::Machine};
use clap::ValueEnum;
use std::error::Error;

/// What to measure, and how often.
#[derive(Debug)]
pub(crate) struct Plan {
    /// All of them if it is empty.
    pub(crate) parts: Vec<Part>,
    pub(crate) contenders: Vec<&'static Contender>,
    pub(crate) rounds: usize,
    /// Numbers of threads to compare with one.
    pub(crate) threads: Vec<usize>,
    /// Numbers of label sets to scrape.
    pub(crate) label_sets: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Nanoseconds per request.
    Time,
    /// Instructions per request, where valgrind is installed.
    Instructions,
    /// Allocations and allocated bytes per request.
    Allocations,
    /// Throughput of several threads over that of one.
    Scaling,
    /// Time, size and memory of a scrape.
    Scrape,
}

impl Plan {
    fn wants(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }
}

/// Measures what is wanted. What is not keeps the figures that it had.
pub(crate) fn all(plan: &Plan, earlier: Results) -> Results {
    let mut results = earlier;
    results.machine = Machine::this();
    let Plan {
        contenders, rounds, ..
    } = plan;
    if plan.wants(Part::Time) {
        results.time = Rounds::measure(contenders, *rounds, &Job::Time);
    }
    if plan.wants(Part::Instructions) {
        results.instructions = instructions::measure(contenders);
    }
    if plan.wants(Part::Allocations) {
        results.allocations = Rounds::measure(contenders, 1, &Job::Allocations);
    }
    if plan.wants(Part::Scaling) {
        let threads = plan.threads.clone();
        results.scaling = Rounds::measure(contenders, *rounds, &Job::Scaling { threads });
    }
    if plan.wants(Part::Scrape) {
        for &label_sets in &plan.label_sets {
            let scrapes = Rounds::measure(contenders, *rounds, &Job::Scrape { label_sets });
            results.scrapes.insert(label_sets, scrapes);
            let heaps = Rounds::measure(contenders, 1, &Job::Heap { label_sets });
            results.heaps.insert(label_sets, heaps);
        }
    }
    results
}

/// Does a job in this process, and prints its figures.
pub(crate) fn answer(job: &str, contender: &Contender) -> Result<(), Box<dyn Error>> {
    let figures = match serde_json::from_str(job)? {
        Job::Time => serde_json::to_string(&time::measure(contender)),
        Job::Instructions => serde_json::to_string(&instructions::drive_counted(contender)),
        Job::Allocations => serde_json::to_string(&allocations::measure(contender)),
        Job::Scaling { threads } => serde_json::to_string(&scaling::measure(contender, &threads)),
        Job::Scrape { label_sets } => {
            serde_json::to_string(&scrape::measure(contender, label_sets))
        }
        Job::Heap { label_sets } => serde_json::to_string(&heap::measure(contender, label_sets)),
    }?;
    println!("{figures}");
    Ok(())
}
