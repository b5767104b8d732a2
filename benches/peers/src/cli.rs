use crate::contenders::{self, Contender};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{ops::RangeInclusive, path::PathBuf, str::FromStr, thread::available_parallelism};

/// Measures what tower-red costs, beside its peers, and prints it as Markdown.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints and draws the results of an earlier run.
    Show,
    /// Does one measurement of one contender: what this program starts itself for.
    #[command(hide = true)]
    Child { job: String, contender: Name },
}

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// What to measure [default: all of it]. Its earlier figures are replaced, the others kept.
    #[arg(long, value_delimiter = ',')]
    pub(crate) parts: Vec<Part>,

    /// Which contenders to measure, by name [default: all of them].
    #[arg(long, value_delimiter = ',')]
    contenders: Vec<Name>,

    /// How often each contender has its turn.
    #[arg(long, default_value_t = 15)]
    pub(crate) rounds: usize,

    /// Numbers of threads to compare with one: `2`, or `2-16` for a curve, or `2-` for one up to the cores.
    #[arg(long, default_value = "2")]
    pub(crate) threads: Threads,

    /// Numbers of label sets to scrape.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
    pub(crate) label_sets: Vec<usize>,

    /// Where all figures of all rounds are written to, and read from.
    #[arg(long, global = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/results.json"))]
    pub(crate) results: PathBuf,

    /// Where the chart is drawn.
    #[arg(long, global = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../overhead.svg"))]
    pub(crate) chart: PathBuf,
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

impl Options {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    pub(crate) fn contenders(&self) -> Vec<&'static Contender> {
        if self.contenders.is_empty() {
            return contenders::ALL.iter().collect();
        }
        self.contenders.iter().map(Name::find).collect()
    }
}

/// The name of a contender that there is.
#[derive(Clone, Debug)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn find(&self) -> &'static Contender {
        contenders::find(&self.0).expect("checked when it was parsed")
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if contenders::find(name).is_some() {
            return Ok(Self(name.to_owned()));
        }
        let names: Vec<_> = contenders::ALL.iter().map(|c| c.name).collect();
        Err(format!("there are {}", names.join(", ")))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Threads(RangeInclusive<usize>);

impl Threads {
    pub(crate) fn numbers(&self) -> Vec<usize> {
        self.0.clone().collect()
    }
}

impl FromStr for Threads {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let last = match last {
            "" => available_parallelism().map_or(1, usize::from),
            last => last.parse()?,
        };
        Ok(Self(first.parse()?..=last))
    }
}
