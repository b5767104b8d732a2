use super::sample::{label, split};
use crate::keys::{self, Totals};
use std::collections::HashMap;

/// All samples of one scrape, by series.
#[derive(Debug, Default)]
pub(crate) struct Families {
    pub(super) samples: HashMap<String, Sample>,
    /// What contradicts itself.
    pub(crate) faults: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) value: f64,
    /// Whether it must never go down: a counter, or a part of a histogram.
    pub(super) is_counter: bool,
}

impl Families {
    pub(super) fn insert(&mut self, series: String, sample: Sample) {
        if self.samples.contains_key(&series) {
            self.faults.push(format!("there twice: {series}"));
        }
        self.samples.insert(series, sample);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        let samples = self.samples.iter();
        samples.map(|(series, sample)| (&**series, sample.value))
    }

    pub(super) fn get(&self, series: &str) -> Option<f64> {
        self.samples.get(series).map(|sample| sample.value)
    }

    pub(crate) fn series(&self) -> usize {
        self.samples.len()
    }

    /// The sum of all series of that name.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let of_name = self.iter().filter(|(series, _)| split(series).0 == name);
        of_name.map(|(_, value)| value).sum()
    }

    /// Gauges of what is active that are not zero.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&str, f64)> {
        self.iter()
            .filter(|(series, value)| is_active(split(series).0) && *value != 0.0)
    }

    /// What the layers and the operation counted, by the keys of what the service saw itself.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::new();
        for (series, value) in self.iter().filter(|(_, value)| *value > 0.0) {
            if let Some(key) = key(series) {
                *totals.entry(key).or_default() += value as u64;
            }
        }
        totals
    }
}

pub(super) fn is_active(name: &str) -> bool {
    name.ends_with("_in_flight") || name == "db_query_active"
}

fn key(series: &str) -> Option<String> {
    let (name, labels) = split(series);
    let get = |name| label(labels, name).unwrap_or("-");
    let (part, method, route) = (get("part"), get("method"), get("route"));
    Some(match name {
        "http_requests_total" | "http_client_requests_total" => {
            keys::request(part, method, route, get("status"), get("grpc_status"))
        }
        "http_errors_total" | "http_client_errors_total" => {
            keys::error(part, method, route, get("error"))
        }
        "http_requests_cancelled_total" | "http_client_requests_cancelled_total" => {
            keys::cancelled(part, method, route, get("phase"))
        }
        "db_query_total" => keys::query("all"),
        "db_query_errors_total" => keys::query(get("error")),
        "db_query_cancelled_total" => keys::query("cancelled"),
        _ => return None,
    })
}
