use super::labels::LabelError;
use crate::model::{Exemplar, Histogram, split_label};
use std::sync::Arc;

/// A histogram as far as its lines are read.
pub(super) struct HistogramReader<'a> {
    labels: &'a str,
    sum: f64,
    count: Option<u64>,
    cumulated: u64,
    bounds: Vec<f64>,
    buckets: Vec<u64>,
    exemplars: Vec<Option<Exemplar>>,
}

impl<'a> HistogramReader<'a> {
    pub(super) fn new(labels: &'a str, sum: &str) -> Result<Self, LabelError> {
        Ok(Self {
            labels,
            sum: sum.parse().map_err(|_| LabelError::Malformed)?,
            count: None,
            cumulated: 0,
            bounds: Vec::new(),
            buckets: Vec::new(),
            exemplars: Vec::new(),
        })
    }

    pub(super) fn set_count(&mut self, labels: &str, count: &str) -> Result<(), LabelError> {
        if labels != self.labels || self.count.is_some() {
            return Err(LabelError::Malformed);
        }
        self.count = Some(count.parse().map_err(|_| LabelError::Malformed)?);
        Ok(())
    }

    pub(super) fn add_bucket(
        &mut self,
        labels: &str,
        cumulated: &str,
        exemplar: Option<Exemplar>,
    ) -> Result<(), LabelError> {
        let bound = self.bound(labels).ok_or(LabelError::Malformed)?;
        let cumulated: u64 = cumulated.parse().map_err(|_| LabelError::Malformed)?;
        let count = cumulated.checked_sub(self.cumulated);
        self.buckets.push(count.ok_or(LabelError::Malformed)?);
        self.bounds.push(bound);
        self.exemplars.push(exemplar);
        self.cumulated = cumulated;
        Ok(())
    }

    /// The bound in a bucket's labels; `None` if the other labels are not those of the histogram.
    fn bound(&self, labels: &str) -> Option<f64> {
        let mut rest = labels;
        loop {
            let (name, value, after) = split_label(rest)?;
            if name != "le" {
                rest = after.strip_prefix(',')?;
                continue;
            }
            let before = &labels[..labels.len() - rest.len()];
            let same = match (before.strip_suffix(','), after.strip_prefix(',')) {
                (None, None) => self.labels.is_empty(),
                (None, Some(after)) => self.labels == after,
                (Some(before), None) => self.labels == before,
                (Some(before), Some(after)) => {
                    let others = self.labels.strip_prefix(before);
                    others.and_then(|others| others.strip_prefix(',')) == Some(after)
                }
            };
            return value.parse().ok().filter(|_| same);
        }
    }

    /// Takes the bounds given if they are the same.
    pub(super) fn end(
        mut self,
        known: Option<&Arc<[f64]>>,
    ) -> Result<(&'a str, Histogram), LabelError> {
        let count = self.count.ok_or(LabelError::Malformed)?;
        if self.bounds.last() == Some(&f64::INFINITY) {
            self.bounds.pop();
        } else {
            // Every histogram has a bucket without a bound, whether it came or not.
            self.buckets.push(count.saturating_sub(self.cumulated));
        }
        let known = known.filter(|known| known[..] == self.bounds);
        let histogram = Histogram {
            sum: self.sum,
            count,
            bounds: known.map_or_else(|| self.bounds.into(), Arc::clone),
            buckets: self.buckets,
            exemplars: match self.exemplars.iter().any(Option::is_some) {
                true => self.exemplars,
                false => Vec::new(),
            },
            native: None,
            created: None,
        };
        Ok((self.labels, histogram))
    }
}
