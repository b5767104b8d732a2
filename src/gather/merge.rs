//! Families of one name that come from several sources.

use crate::{
    model::{Family, Sample, SeriesBuffer},
    sync::yield_now,
};
use std::{collections::HashMap, mem};

/// How many series are added up before other work gets its turn.
const SERIES_PER_STRETCH: usize = 128;

/// Adds the series of a source's families to those of the same names, and the families that are new at the end.
/// `overlap` says that series may be in both: these are added up.
pub(crate) async fn merge(all: &mut Vec<Family>, families: Vec<Family>, overlap: bool) {
    for mut family in families {
        match all.iter_mut().find(|other| other.name == family.name) {
            None => all.push(family),
            Some(known) => {
                known.sources.append(&mut family.sources);
                if overlap {
                    add_up(known).await;
                }
            }
        }
    }
}

/// Makes one series of those that have the same labels.
async fn add_up(family: &mut Family) {
    let mut rows: Vec<(String, Sample)> = Vec::new();
    let mut known = HashMap::new();
    let mut buffer = SeriesBuffer::default();
    for source in mem::take(&mut family.sources) {
        for index in 0..source.len() {
            if index % SERIES_PER_STRETCH == 0 {
                yield_now().await;
            }
            let Some((labels, sample)) = source.read(index, &mut buffer) else {
                continue;
            };
            match known.get(labels) {
                None => {
                    known.insert(labels.to_owned(), rows.len());
                    rows.push((labels.to_owned(), sample.clone()));
                }
                Some(row) => rows[*row].1.add(sample),
            }
        }
    }
    family.sources = vec![Box::new(rows)];
}
