use crate::{
    child::{self, Job},
    contenders::{self, Contender},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// What the contenders, by name, had in each round.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Rounds<T>(BTreeMap<String, Vec<T>>);

impl<T: DeserializeOwned> Rounds<T> {
    /// Interleaved: in each round each contender has one turn, so that what slows a machine down for a while
    /// does not hit one of them alone.
    pub(super) fn measure(contenders: &[&Contender], rounds: usize, job: &Job) -> Self {
        let mut figures = Self::default();
        for round in 1..=rounds {
            eprintln!("{job:?}: round {round} of {rounds}");
            for contender in contenders {
                figures.push(contender, child::run(job, contender));
            }
        }
        figures
    }
}

impl<T> Rounds<T> {
    pub(super) fn push(&mut self, contender: &Contender, figures: T) {
        let rounds = self.0.entry(contender.name.to_owned()).or_default();
        rounds.push(figures);
    }

    pub(super) fn of(&self, contender: &str) -> &[T] {
        self.0.get(contender).map_or(&[], Vec::as_slice)
    }

    /// Those that were measured, in the order of the tables.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static Contender, &[T])> {
        contenders::ALL
            .iter()
            .map(|contender| (contender, self.of(contender.name)))
            .filter(|(_, rounds)| !rounds.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Rounds<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
