use super::{allocations, heap, instructions, rounds::Rounds, scaling, scrape, time, versions};
use crate::report::{Machine, Table, draw};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, error::Error, fs, path::Path};

/// All figures of all rounds.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Results {
    pub(super) machine: Machine,
    pub(super) time: Rounds<time::Figures>,
    pub(super) instructions: Rounds<f64>,
    pub(super) allocations: Rounds<allocations::Figures>,
    pub(super) scaling: Rounds<Vec<scaling::Point>>,
    /// By the number of label sets, as are the bytes of a label set.
    pub(super) scrapes: BTreeMap<usize, Rounds<Option<scrape::Figures>>>,
    pub(super) heaps: BTreeMap<usize, Rounds<Option<heap::Figures>>>,
}

impl Results {
    pub(crate) fn load(path: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(path, serde_json::to_vec_pretty(self)?)?)
    }

    fn tables(&self) -> Vec<Table> {
        let mut tables = vec![versions::table()];
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

    /// Prints the tables, and draws the chart.
    pub(crate) fn show(&self, chart: &Path) -> Result<(), Box<dyn Error>> {
        println!("{}\n", self.machine);
        for table in self.tables() {
            println!("{table}");
        }
        if !self.time.is_empty() {
            draw(time::bars(&self.time), chart)?;
        }
        Ok(())
    }
}
