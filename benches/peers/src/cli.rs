use crate::{
    contenders::{self, Contender},
    measure::{Part, Plan},
};
use clap::{Args, Parser, Subcommand};
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
    parts: Vec<Part>,

    /// Which contenders to measure, by name [default: all of them].
    #[arg(long, value_delimiter = ',')]
    contenders: Vec<Name>,

    /// How often each contender has its turn.
    #[arg(long, default_value_t = 15)]
    rounds: usize,

    /// Numbers of threads to compare with one: `2`, or `2-16` for a curve, or `2-` for one up to the cores.
    #[arg(long, default_value = "2")]
    threads: Threads,

    /// Numbers of label sets to scrape.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
    label_sets: Vec<usize>,

    /// Where all figures of all rounds are written to, and read from.
    #[arg(long, global = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/results.json"))]
    pub(crate) results: PathBuf,

    /// Where the chart is drawn.
    #[arg(long, global = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../overhead.svg"))]
    pub(crate) chart: PathBuf,
}

impl Options {
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            parts: self.parts.clone(),
            contenders: self.contenders(),
            rounds: self.rounds,
            threads: self.threads.0.clone().collect(),
            label_sets: self.label_sets.clone(),
        }
    }

    fn contenders(&self) -> Vec<&'static Contender> {
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
struct Threads(RangeInclusive<usize>);

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
