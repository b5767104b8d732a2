use super::recorder::{End, FinishedKey, Recorder};
use crate::{
    gather::{Row, Schema, WhichBounds, Who},
    label::ValueSets,
    model::Unit,
    naming::{FamilySpec, Measure},
};

/// What the keys of an operation mean.
pub(super) struct OperationSchema<const N: usize> {
    families: Vec<FamilySpec>,
    labels: [String; N],
    recorder: &'static Recorder,
    sets: &'static ValueSets<N>,
}

/// The kinds of its series, in this order.
const FINISHED: usize = 0;
const ERRORS: usize = 1;
const CANCELLED: usize = 2;
const ACTIVE: usize = 3;

/// The label of an error's kind.
pub(super) const ERROR_LABEL: &str = "error";

/// What a series of an operation shows.
pub(super) struct Shown<const N: usize> {
    values: [&'static str; N],
    error: &'static str,
}

impl<const N: usize> OperationSchema<N> {
    pub(super) fn new(
        name: &str,
        labels: [String; N],
        recorder: &'static Recorder,
        sets: &'static ValueSets<N>,
    ) -> Self {
        let seconds = |index| Measure::Amounts {
            index,
            unit: Unit::Seconds,
        };
        let mut families = vec![
            FamilySpec::new(
                name.to_owned(),
                Measure::Finished,
                FINISHED,
                "Operations that ended, in whatever way.",
            ),
            FamilySpec::new(
                format!("{name}_errors"),
                Measure::Finished,
                ERRORS,
                "Operations that failed, by kind of error.",
            ),
            FamilySpec::new(
                format!("{name}_cancelled"),
                Measure::Finished,
                CANCELLED,
                "Operations that were dropped before their end.",
            ),
            FamilySpec::new(
                format!("{name}_duration_seconds"),
                seconds(0),
                FINISHED,
                "Time from an operation's start to its end.",
            ),
        ];
        let marks = recorder.marks.iter().enumerate();
        families.extend(marks.map(|(index, mark)| {
            FamilySpec::new(
                format!("{name}_{mark}_seconds"),
                seconds(index + 1),
                FINISHED,
                "Time from an operation's start to its mark.",
            )
        }));
        families.push(FamilySpec::new(
            format!("{name}_active"),
            Measure::Active,
            ACTIVE,
            "Operations that have not ended yet.",
        ));
        Self {
            families,
            labels,
            recorder,
            sets,
        }
    }
}

impl<const N: usize> Schema for OperationSchema<N> {
    type Values = Shown<N>;
    type Order = ([&'static str; N], &'static str);

    fn families(&self) -> &[FamilySpec] {
        &self.families
    }

    fn series(&self) -> impl Iterator<Item = bool> {
        (FINISHED..=ACTIVE).map(|series| series == ACTIVE)
    }

    fn values(&self, series: usize, key: u64) -> Option<Shown<N>> {
        let FinishedKey { set, end } = FinishedKey::unpack(key);
        let error = match (series, end) {
            (FINISHED | ACTIVE, _) | (CANCELLED, End::Cancelled) => "",
            (ERRORS, End::Failed(error)) => self.recorder.errors.name(error),
            _ => return None,
        };
        let values = self.sets.get(set)?;
        Some(Shown { values, error })
    }

    fn order(&self, shown: &Shown<N>) -> Self::Order {
        (shown.values, shown.error)
    }

    fn for_each_label(&self, series: usize, shown: &Shown<N>, visit: &mut dyn FnMut(&str, &str)) {
        let labels = self.labels.iter().zip(shown.values);
        // To Prometheus, an empty value is no label.
        for (name, value) in labels.filter(|(_, value)| !value.is_empty()) {
            visit(name, value);
        }
        if series == ERRORS {
            visit(ERROR_LABEL, shown.error);
        }
    }

    fn row(&self, _: u64) -> Option<Row> {
        None
    }

    fn active_row(&self, _: u64) -> Option<Who> {
        None
    }

    fn which_bounds(&self) -> Option<WhichBounds> {
        None
    }

    fn panics(&self) -> u64 {
        0
    }
}
