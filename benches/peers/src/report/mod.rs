//! What was found, to be read by people and by programs.

mod chart;
mod machine;
mod table;

pub(crate) use self::{machine::Machine, table::Table};

use crate::measure::{Rounds, allocations, heap, instructions, scaling, scrape, time};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, error::Error, fs, path::Path};

/// All figures of all rounds.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) time: Rounds<time::Figures>,
    pub(crate) instructions: Rounds<f64>,
    pub(crate) allocations: Rounds<allocations::Figures>,
    pub(crate) scaling: Rounds<Vec<scaling::Point>>,
    /// By the number of label sets, as are the bytes of a label set.
    pub(crate) scrapes: BTreeMap<usize, Rounds<Option<scrape::Figures>>>,
    pub(crate) heaps: BTreeMap<usize, Rounds<Option<heap::Figures>>>,
}

impl Results {
    pub(crate) fn load(path: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(path, serde_json::to_vec_pretty(self)?)?)
    }

    fn tables(&self) -> Vec<Table> {
        let mut tables = vec![table::contenders()];
        if !self.time.is_empty() {
            tables.push(time::table(&self.time));
        }
        if !self.instructions.is_empty() {
            tables.push(instructions::table(&self.instructions));
        }
        if !self.allocations.is_empty() {
            tables.push(allocations::table(&self.allocations));
        }
        if !self.scaling.is_empty() {
            tables.extend(scaling::tables(&self.scaling));
        }
        for (&label_sets, scrapes) in &self.scrapes {
            let heaps = &self.heaps[&label_sets];
            tables.push(scrape::table(label_sets, scrapes, heaps));
        }
        tables
    }
}

/// Prints the tables, and draws the chart.
pub(crate) fn show(results: &Results, chart: &Path) -> Result<(), Box<dyn Error>> {
    println!("{}\n", results.machine);
    for table in results.tables() {
        println!("{table}");
    }
    if !results.time.is_empty() {
        chart::draw(&results.time, chart)?;
    }
    Ok(())
}
