//! What is measured, one file for each: how a child measures it, and the table of what children found.

pub(crate) mod allocations;
pub(crate) mod heap;
pub(crate) mod instructions;
mod label_sets;
pub(crate) mod scaling;
pub(crate) mod scrape;
pub(crate) mod time;

use crate::{
    child::{self, Job},
    cli::{Options, Part},
    contenders::{self, Contender},
    report::{Machine, Results},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// What the contenders, by name, had in each round.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Rounds<T>(BTreeMap<String, Vec<T>>);

/// Measures what is wanted. What is not keeps the figures that it had.
pub(crate) fn all(options: &Options) -> Results {
    let mut results = Results::load(&options.results).unwrap_or_default();
    results.machine = Machine::this();
    let rounds = options.rounds;
    if options.wants(Part::Time) {
        results.time = Rounds::measure(options, rounds, &Job::Time);
    }
    if options.wants(Part::Instructions) {
        results.instructions = instructions::measure(options);
    }
    if options.wants(Part::Allocations) {
        results.allocations = Rounds::measure(options, 1, &Job::Allocations);
    }
    if options.wants(Part::Scaling) {
        let threads = options.threads.numbers();
        results.scaling = Rounds::measure(options, rounds, &Job::Scaling { threads });
    }
    if options.wants(Part::Scrape) {
        for &label_sets in &options.label_sets {
            let scrapes = Rounds::measure(options, rounds, &Job::Scrape { label_sets });
            results.scrapes.insert(label_sets, scrapes);
            let heaps = Rounds::measure(options, 1, &Job::Heap { label_sets });
            results.heaps.insert(label_sets, heaps);
        }
    }
    results
}

impl<T: DeserializeOwned> Rounds<T> {
    /// Interleaved: in each round each contender has one turn, so that what slows a machine down for a while
    /// does not hit one of them alone.
    fn measure(options: &Options, rounds: usize, job: &Job) -> Self {
        let mut figures = Self::default();
        for round in 1..=rounds {
            eprintln!("{job:?}: round {round} of {rounds}");
            for contender in options.contenders() {
                figures.push(contender, child::run(job, contender));
            }
        }
        figures
    }
}

impl<T> Rounds<T> {
    fn push(&mut self, contender: &Contender, figures: T) {
        let rounds = self.0.entry(contender.name.to_owned()).or_default();
        rounds.push(figures);
    }

    pub(crate) fn of(&self, contender: &str) -> &[T] {
        self.0.get(contender).map_or(&[], Vec::as_slice)
    }

    /// Those that were measured, in the order of the tables.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Contender, &[T])> {
        contenders::ALL
            .iter()
            .map(|contender| (contender, self.of(contender.name)))
            .filter(|(_, rounds)| !rounds.is_empty())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Rounds<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
