//! What families mean to the page: to whom all of them are names, whatever a convention calls them.

use crate::{
    exposition::Reader,
    model::{Family, Kind},
    naming::{Convention, LabelSource, RedFamily, Role, SeriesSpec},
};
use std::collections::HashMap;

/// What one family is on the page.
#[derive(Clone, Debug, Default)]
pub(super) struct Meaning {
    /// Families of the same group are shown together: a layer's, an operation's.
    pub(super) group: String,
    /// What kind of group that is.
    pub(super) kind: &'static str,
    /// What its samples are in the group.
    pub(super) shows: &'static str,
    /// What labels are, and their names.
    pub(super) labels: Vec<(&'static str, String)>,
    /// Of the family that shows label sets: how many there may be, by the labels of its series.
    pub(super) budgets: Vec<(String, usize)>,
}

/// What families mean, by their names. Those that are not here are not shown.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    by_name: HashMap<String, Meaning>,
}

impl Meanings {
    pub(super) fn new(reader: &Reader, families: &[Family]) -> Self {
        let mut meanings = Self::default();
        for source in reader.family_sources() {
            if let Some(convention) = source.convention() {
                meanings.add_layer(convention, source.budget());
            }
        }
        meanings.add_operations(families);
        meanings.add_process(families);
        meanings
    }

    pub(super) fn get(&self, name: &str) -> Option<&Meaning> {
        self.by_name.get(name)
    }

    fn add_layer(&mut self, convention: &Convention, (most, constant): (usize, &str)) {
        for family in &convention.families {
            let Some(shows) = family.family.map(shown) else {
                continue;
            };
            let name = family.name.clone();
            // Layers with the same families are told apart by labels that all of their series have.
            let meaning = self.by_name.entry(name).or_insert_with(|| Meaning {
                group: prefix(convention),
                kind: match convention.role() {
                    Role::Server => "server",
                    Role::Client => "client",
                },
                shows,
                labels: convention
                    .series
                    .get(family.series)
                    .map(labels)
                    .unwrap_or_default(),
                budgets: Vec::new(),
            });
            if family.family == Some(RedFamily::LabelSets) {
                meaning.budgets.push((constant.to_owned(), most));
            }
        }
    }

    /// Whatever is counted and timed under one name is an operation, whoever does it.
    fn add_operations(&mut self, families: &[Family]) {
        let kinds: HashMap<&str, Kind> = families
            .iter()
            .map(|family| (&*family.name, family.kind))
            .collect();
        for family in families {
            let name = family.name.strip_suffix("_duration_seconds");
            let (Some(name), Kind::Histogram) = (name, family.kind) else {
                continue;
            };
            if kinds.get(name) != Some(&Kind::Counter) {
                continue;
            }
            for (suffix, kind, shows) in OPERATION {
                let family = format!("{name}{suffix}");
                if kinds.get(&*family) == Some(kind) {
                    self.add(family, name, "operation", shows);
                }
            }
        }
    }

    /// Standard names, of whatever collector.
    fn add_process(&mut self, families: &[Family]) {
        let is_number = |family: &&Family| {
            matches!(family.kind, Kind::Counter | Kind::BareCounter | Kind::Gauge)
        };
        for family in families.iter().filter(is_number) {
            let group = match &*family.name {
                name if name.starts_with("process_") => "process",
                name if name.starts_with("tokio_") => "runtime",
                _ => continue,
            };
            self.add(family.name.to_string(), group, group, "value");
        }
    }

    fn add(&mut self, family: String, group: &str, kind: &'static str, shows: &'static str) {
        self.by_name.entry(family).or_insert_with(|| Meaning {
            group: group.to_owned(),
            kind,
            shows,
            labels: match shows {
                "errors" => vec![("reason", String::from("error"))],
                "cancelled" => vec![("reason", String::from("phase"))],
                _ => Vec::new(),
            },
            budgets: Vec::new(),
        });
    }
}

/// What an operation's name is followed by, and what that is.
const OPERATION: &[(&str, Kind, &str)] = &[
    ("", Kind::Counter, "requests"),
    ("_errors", Kind::Counter, "errors"),
    ("_cancelled", Kind::Counter, "cancelled"),
    ("_duration_seconds", Kind::Histogram, "durations"),
    ("_active", Kind::Gauge, "in_flight"),
];

/// What the names of a layer's families begin with, as that of its label sets does.
fn prefix(convention: &Convention) -> String {
    let mut families = convention.families.iter();
    let name = families.find_map(|family| match family.family {
        Some(RedFamily::LabelSets) => family.name.strip_suffix("_label_sets"),
        Some(RedFamily::Overflowed) => family.name.strip_suffix("_overflowed_requests"),
        _ => None,
    });
    let by_role = match convention.role() {
        Role::Server => "http",
        Role::Client => "http_client",
    };
    name.unwrap_or(by_role).to_owned()
}

fn shown(family: RedFamily) -> &'static str {
    match family {
        RedFamily::Requests => "requests",
        RedFamily::Errors => "errors",
        RedFamily::Cancelled => "cancelled",
        RedFamily::Durations => "durations",
        RedFamily::InFlight => "in_flight",
        RedFamily::Overflowed => "overflowed",
        RedFamily::LabelSets => "label_sets",
    }
}

fn labels(series: &SeriesSpec) -> Vec<(&'static str, String)> {
    let labels = series.labels.iter().filter_map(|label| {
        let meaning = match label.source {
            LabelSource::Method => "method",
            LabelSource::Route | LabelSource::KnownRoute | LabelSource::RpcMethod => "route",
            LabelSource::Status | LabelSource::KnownStatus | LabelSource::StatusClass => "status",
            LabelSource::Code => "code",
            LabelSource::Reason => "reason",
            LabelSource::Peer | LabelSource::PeerHost => "peer",
            _ => return None,
        };
        Some((meaning, label.name.clone()))
    });
    labels.collect()
}
