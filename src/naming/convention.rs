use super::{
    DurationStatus, ErrorFunctions, Errors, LabelNames, LabelSource, RedFamily, Role,
    labels::Label, series::SeriesSpec,
};
use crate::{
    model::{DottedNames, Kind, Unit},
    request::{Amount, Amounts},
};
use std::sync::Arc;

/// What names are made of.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) role: Role,
    pub(crate) namespace: Option<String>,
    /// What stands in place of `axum` in the names of that convention.
    pub(crate) prefix: Option<String>,
    pub(crate) label_names: LabelNames,
    /// Whether peers are told apart.
    pub(crate) peers: bool,
    pub(crate) scheme: Option<String>,
    /// The names of the user's labels.
    pub(crate) user_labels: Vec<String>,
    pub(crate) errors: ErrorFunctions,
    pub(crate) amounts: Amounts,
    pub(crate) duration_status: DurationStatus,
    /// Whether the version of HTTP is a label. OpenTelemetry's conventions have it always.
    pub(crate) version: bool,
    /// The families that are left out.
    pub(crate) without: Vec<RedFamily>,
}

/// A naming, as its file defines it.
pub(super) struct NamingDefinition {
    /// What it is called in configurations.
    pub(super) name: &'static str,
    pub(super) convention: fn(&Settings) -> Convention,
}

/// The families of a layer, with their names and labels.
pub(crate) struct Convention {
    pub(crate) errors: Errors,
    /// The names of the user's labels.
    pub(crate) user_labels: Vec<String>,
    pub(crate) families: Vec<FamilySpec>,
    pub(crate) series: Vec<SeriesSpec>,
}

#[derive(Debug)]
pub(crate) struct FamilySpec {
    /// What it is by default, whatever a convention calls it.
    pub(crate) family: Option<RedFamily>,
    /// With its unit, but without the suffix of its kind, such as a counter's `_total`.
    pub(crate) name: String,
    pub(crate) help: &'static str,
    pub(crate) measure: Measure,
    /// `None` if OpenTelemetry has no other names for it.
    pub(crate) names: Option<Arc<DottedNames>>,
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

impl FamilySpec {
    /// One that is no [`RedFamily`], and has no other names.
    pub(crate) fn new(name: String, measure: Measure, series: usize, help: &'static str) -> Self {
        Self {
            family: None,
            name,
            help,
            measure,
            names: None,
            series,
        }
    }

    /// Its unit, if the name ends with that.
    pub(crate) fn unit(&self) -> Option<Unit> {
        match self.measure {
            Measure::Amounts { unit, .. } => Some(unit).filter(|it| self.name.ends_with(it.name())),
            _ => None,
        }
    }
}

impl Measure {
    pub(super) fn amounts(amount: Amount, index: usize) -> Self {
        Self::Amounts {
            index,
            unit: amount.unit(),
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
    /// The series and families of a naming, with the names and labels that were configured.
    pub(super) fn new(
        settings: &Settings,
        mut series: Vec<SeriesSpec>,
        mut families: Vec<FamilySpec>,
    ) -> Self {
        let is_left_out = |family: &FamilySpec| {
            family
                .family
                .is_some_and(|it| settings.without.contains(&it))
        };
        families.retain(|family| !is_left_out(family));
        if let Some(namespace) = &settings.namespace {
            for family in &mut families {
                family.name = format!("{namespace}_{}", family.name);
            }
        }
        for series in &mut series {
            for Label {
                name,
                dotted,
                source,
            } in &mut series.labels
            {
                if let Some(renamed) = settings.label_names.renamed(source) {
                    name.clear();
                    name.push_str(renamed);
                    *dotted = None;
                }
            }
            if series.has_user_labels() {
                let labels = settings.user_labels.iter().enumerate();
                series.labels.extend(labels.map(|(index, name)| Label {
                    name: name.clone(),
                    dotted: None,
                    source: LabelSource::User(index),
                }));
            }
        }
        let mut convention = Self {
            errors: Errors {
                role: settings.role,
                functions: settings.errors.clone(),
            },
            user_labels: settings.user_labels.clone(),
            families,
            series,
        };
        convention.name_attributes(settings.namespace.as_deref());
        convention
    }

    pub(crate) fn role(&self) -> Role {
        self.errors.role
    }

    /// Completes the dotted names, now that all labels have theirs.
    fn name_attributes(&mut self, namespace: Option<&str>) {
        for family in &mut self.families {
            let Some(names) = &family.names else { continue };
            let mut names = DottedNames::clone(names);
            if let Some(namespace) = namespace {
                names.metric = format!("{namespace}.{}", names.metric).into();
            }
            let series = self.series.get(family.series);
            let labels = series.into_iter().flat_map(|series| &series.labels);
            names.attributes = labels.filter_map(Label::attribute).collect();
            family.names = Some(Arc::new(names));
        }
    }

    /// The names of all labels.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        let labels = self.series.iter().flat_map(|series| &series.labels);
        labels.map(|label| label.name.as_str())
    }
}
