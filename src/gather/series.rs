use super::{
    bounds::{HistogramBounds, ShownBounds},
    source::Counts,
    table::SeriesTable,
    texts::Texts,
};
use crate::model::{Number, Sample, Series, SeriesBuffer};
use std::sync::Arc;

/// The series of one kind as they are now, with the labels that all of them have.
#[derive(Clone, Default)]
pub(super) struct SeriesView {
    pub(super) table: SeriesTable,
    pub(super) texts: Texts,
    /// The indices of the series, sorted.
    pub(super) order: Arc<Vec<u32>>,
    pub(super) constant: Arc<str>,
}

impl SeriesView {
    /// All labels of a series, put together in the buffer.
    fn labels<'a>(&self, series: u32, buffer: &'a mut String) -> &'a str {
        let parts = self.table.labels(series);
        let [first, second] = parts.map_or(["", ""], |parts| self.texts.get(parts));
        buffer.clear();
        buffer.push_str(&self.constant);
        if !buffer.is_empty() && !first.is_empty() {
            buffer.push(',');
        }
        buffer.push_str(first);
        buffer.push_str(second);
        buffer
    }

    /// When the counting of a series began: when its first key was first seen.
    fn created(&self, series: u32, counts: &Counts) -> Option<u64> {
        let created = self
            .table
            .keys(series)
            .filter_map(|key| counts.created(key));
        created.min()
    }
}

/// How many things finished.
pub(super) struct CounterSeries {
    pub(super) view: SeriesView,
    pub(super) counts: Arc<Counts>,
}

impl Series for CounterSeries {
    fn len(&self) -> usize {
        self.view.order.len()
    }

    fn read<'a>(
        &'a self,
        index: usize,
        buffer: &'a mut SeriesBuffer,
    ) -> Option<(&'a str, &'a Sample)> {
        let series = *self.view.order.get(index)?;
        let keys = self.view.table.keys(series);
        let value = keys.map(|key| self.counts.finished(key)).sum();
        buffer.sample = Sample::Number {
            value: Number::Unsigned(value),
            created: self.view.created(series, &self.counts),
            exemplar: None,
        };
        let labels = self.view.labels(series, &mut buffer.labels);
        Some((labels, &buffer.sample))
    }

    fn width(&self) -> usize {
        self.counts.width(0)
    }
}

/// How many things are active. The values were read when the scrape began.
pub(super) struct GaugeSeries {
    pub(super) view: SeriesView,
    pub(super) values: Vec<u64>,
}

impl Series for GaugeSeries {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn read<'a>(
        &'a self,
        index: usize,
        buffer: &'a mut SeriesBuffer,
    ) -> Option<(&'a str, &'a Sample)> {
        let series = *self.view.order.get(index)?;
        let value = *self.values.get(index)?;
        buffer.sample = Sample::number(Number::Unsigned(value));
        let labels = self.view.labels(series, &mut buffer.labels);
        Some((labels, &buffer.sample))
    }

    fn width(&self) -> usize {
        1
    }
}

/// What was measured of them.
pub(super) struct HistogramSeries {
    pub(super) view: SeriesView,
    pub(super) counts: Arc<Counts>,
    /// The index of the measure.
    pub(super) measure: usize,
    pub(super) bounds: HistogramBounds,
    pub(super) which: Option<WhichBounds>,
}

/// Which of its bounds a family shows for the series of a key.
pub(crate) type WhichBounds = Arc<dyn Fn(u64) -> usize + Send + Sync>;

impl HistogramSeries {
    fn shown(&self, series: u32) -> Option<&ShownBounds> {
        let which = self.which.as_ref().filter(|_| !self.bounds.is_one());
        let which = which.and_then(|which| {
            let key = self.view.table.keys(series).next()?;
            Some(which(self.counts.key(key)?))
        });
        self.bounds.shown(which.unwrap_or(0))
    }
}

impl Series for HistogramSeries {
    fn len(&self) -> usize {
        self.view.order.len()
    }

    fn read<'a>(
        &'a self,
        index: usize,
        buffer: &'a mut SeriesBuffer,
    ) -> Option<(&'a str, &'a Sample)> {
        let series = *self.view.order.get(index)?;
        let shown = self.shown(series)?;
        let mut histogram = buffer.take_histogram();
        if !Arc::ptr_eq(&histogram.bounds, &shown.bounds) {
            histogram.bounds = Arc::clone(&shown.bounds);
        }
        let keys = || self.view.table.keys(series);
        self.counts
            .fill(&mut histogram, self.measure, &self.bounds, shown, keys);
        histogram.created = self.view.created(series, &self.counts);
        buffer.sample = Sample::Histogram(histogram);
        let labels = self.view.labels(series, &mut buffer.labels);
        Some((labels, &buffer.sample))
    }

    fn width(&self) -> usize {
        2 * self.counts.width(self.measure)
    }
}
