use super::{
    LabelNames, LabelSource, Role,
    labels::{Label, SeriesSpec},
};
use crate::{
    model::{Kind, Unit},
    request::Amount,
};

/// What names are made of.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) role: Role,
    pub(crate) namespace: Option<String>,
    pub(crate) label_names: LabelNames,
    /// Whether peers are told apart.
    pub(crate) peers: bool,
    pub(crate) scheme: Option<&'static str>,
    /// The names of the user's labels.
    pub(crate) user_labels: Vec<String>,
}

/// The families of a layer, with their names and labels.
#[derive(Debug)]
pub(crate) struct Convention {
    pub(crate) role: Role,
    pub(crate) families: Vec<FamilySpec>,
    pub(crate) series: Vec<SeriesSpec>,
}

#[derive(Debug)]
pub(crate) struct FamilySpec {
    /// With its unit, but without the suffix of its kind, such as a counter's `_total`.
    pub(crate) name: String,
    pub(crate) help: &'static str,
    pub(crate) measure: Measure,
    /// The index of its series among those of the convention.
    pub(crate) series: usize,
}

/// What the samples of a family measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// How many things finished.
    Finished,
    /// What was measured of them, by the index of the measure in the store.
    Amounts { index: usize, unit: Unit },
    /// How many have not finished yet.
    Active,
    /// How many were past the budget, in all.
    Overflowed,
    /// How many label sets there are.
    LabelSets,
    /// How often a function of the user's panicked.
    LabelPanics,
}

/// From the call to the end of the response.
pub(super) const DURATION: Measure = Measure::Amounts {
    index: Amount::Duration.index(),
    unit: Unit::Seconds,
};

impl Measure {
    pub(crate) fn unit(self) -> Option<Unit> {
        match self {
            Self::Amounts { unit, .. } => Some(unit),
            _ => None,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Finished | Self::Overflowed | Self::LabelPanics => Kind::Counter,
            Self::Amounts { .. } => Kind::Histogram,
            Self::Active | Self::LabelSets => Kind::Gauge,
        }
    }
}

impl Convention {
    /// With the names and labels that were configured.
    pub(super) fn configured(mut self, settings: &Settings) -> Self {
        if let Some(namespace) = &settings.namespace {
            for family in &mut self.families {
                family.name = format!("{namespace}_{}", family.name);
            }
        }
        for series in &mut self.series {
            for Label { name, source } in &mut series.labels {
                if let Some(renamed) = settings.label_names.renamed(source) {
                    name.clear();
                    name.push_str(renamed);
                }
            }
            if series.has_user_labels() {
                let labels = settings.user_labels.iter().enumerate();
                series.labels.extend(labels.map(|(index, name)| Label {
                    name: name.clone(),
                    source: LabelSource::User(index),
                }));
            }
        }
        self
    }

    /// The names of all labels.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        let labels = self.series.iter().flat_map(|series| &series.labels);
        labels.map(|label| label.name.as_str())
    }
}
