use super::{
    HistogramBounds, WhichBounds,
    series::{CounterSeries, GaugeSeries, HistogramSeries, SeriesView},
    source::Counts,
};
use crate::{
    model::{Family, Number, Sample, Series},
    naming::{FamilySpec, Measure},
};
use std::sync::Arc;

/// The data that the families of one scrape are made of.
pub(super) struct Scrape<'a> {
    pub(super) histograms: &'a [HistogramBounds],
    pub(super) constant: &'a str,
    pub(super) panics: u64,
    pub(super) which: Option<WhichBounds>,
    pub(super) views: Vec<SeriesView>,
    pub(super) counts: Arc<Counts>,
    pub(super) active: (SeriesView, Vec<u64>),
}

impl Scrape<'_> {
    pub(super) fn family(&self, spec: &FamilySpec) -> Family {
        Family {
            name: spec.name.clone().into(),
            help: spec.help.into(),
            unit: spec.unit().map(|unit| unit.name().into()),
            kind: spec.measure.kind(),
            names: spec.names.clone(),
            sources: vec![self.series(spec)],
        }
    }

    fn series(&self, spec: &FamilySpec) -> Box<dyn Series> {
        let view = self.views.get(spec.series).cloned().unwrap_or_default();
        let counts = Arc::clone(&self.counts);
        match spec.measure {
            Measure::Finished => Box::new(CounterSeries { view, counts }),
            Measure::Amounts { index, .. } => match self.histograms.get(index) {
                Some(bounds) => Box::new(HistogramSeries {
                    view,
                    counts,
                    measure: index,
                    bounds: bounds.clone(),
                    which: self.which.clone(),
                }),
                None => Box::new(Vec::new()),
            },
            Measure::Active => {
                let (view, values) = self.active.clone();
                Box::new(GaugeSeries { view, values })
            }
            Measure::Overflowed => {
                let keys = view.order.iter().flat_map(|row| view.table.keys(*row));
                self.single(keys.map(|key| counts.finished(key)).sum())
            }
            Measure::LabelSets => self.single(counts.label_sets()),
            Measure::LabelPanics => self.single(self.panics),
        }
    }

    /// The series of a family that always has exactly one sample.
    fn single(&self, value: u64) -> Box<dyn Series> {
        let labels = self.constant.to_owned();
        Box::new(vec![(labels, Sample::number(Number::Unsigned(value)))])
    }
}
