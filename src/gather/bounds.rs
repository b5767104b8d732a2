use crate::{
    Buckets, BuildError, NativeHistogram,
    histogram::{Bins, NativeBuckets},
    model::Unit,
};
use std::sync::Arc;

/// The buckets that amounts are counted and shown in.
#[derive(Clone, PartialEq)]
pub(crate) struct HistogramBounds {
    unit: Unit,
    /// What is counted: the bounds of all buckets together.
    counted: Arc<[u64]>,
    /// What is shown: the first of them, unless a series has others.
    shown: Vec<ShownBounds>,
    pub(super) native: Option<Arc<NativeBuckets>>,
}

/// The buckets that some series show.
#[derive(Clone, PartialEq)]
pub(super) struct ShownBounds {
    /// In the family's unit.
    pub(super) bounds: Arc<[f64]>,
    /// For each bucket that is counted, the one that shows it. Empty if these are the same.
    of_counted: Arc<[usize]>,
}

impl HistogramBounds {
    /// The first buckets are those of all series that have no others.
    pub(crate) fn new(unit: Unit, buckets: &[&Buckets]) -> Self {
        let mut counted: Vec<u64> = buckets
            .iter()
            .flat_map(|it| it.counts(unit.parts()))
            .collect();
        counted.sort_unstable();
        counted.dedup();
        let shown = buckets
            .iter()
            .map(|it| ShownBounds::new(it, unit, &counted));
        Self {
            unit,
            shown: shown.collect(),
            counted: counted.into(),
            native: None,
        }
    }

    /// With a native histogram beside the buckets.
    ///
    /// # Errors
    ///
    /// If there can be no such histogram.
    pub(crate) fn with_native(mut self, native: NativeHistogram) -> Result<Self, BuildError> {
        self.native = Some(Arc::new(native.validate(&self.counted)?));
        Ok(self)
    }

    /// Where a cell counts an amount.
    pub(crate) fn bins(&self) -> Bins {
        match &self.native {
            Some(native) => Bins::Native(NativeBuckets::clone(native)),
            None => Bins::Classic(self.counted.iter().copied().collect()),
        }
    }

    /// The upper bound of a bin's bucket, as it is counted; the last bucket has the largest number.
    pub(super) fn upper(&self, bin: usize) -> u64 {
        let bucket = self
            .native
            .as_ref()
            .map_or(bin, |native| native.classic(bin));
        self.counted.get(bucket).copied().unwrap_or(u64::MAX)
    }

    /// The upper bounds of all buckets, as they are counted.
    pub(super) fn uppers(&self) -> impl Iterator<Item = u64> {
        self.counted.iter().copied().chain([u64::MAX])
    }

    pub(super) fn unit(&self) -> Unit {
        self.unit
    }

    /// How many buckets are counted.
    pub(super) fn len(&self) -> usize {
        self.counted.len() + 1
    }

    pub(super) fn shown(&self, which: usize) -> Option<&ShownBounds> {
        self.shown.get(which).or(self.shown.first())
    }

    /// Whether all series have the same.
    pub(super) fn is_one(&self) -> bool {
        self.shown.len() < 2
    }
}

impl ShownBounds {
    fn new(buckets: &Buckets, unit: Unit, counted: &[u64]) -> Self {
        let own: Vec<u64> = buckets.counts(unit.parts()).collect();
        let of_counted: Arc<[usize]> = match own == counted {
            true => Arc::default(),
            false => {
                let shows = |bound: &u64| own.partition_point(|own| own < bound);
                let last = own.len();
                counted.iter().map(shows).chain([last]).collect()
            }
        };
        Self {
            bounds: buckets.bounds().into(),
            of_counted,
        }
    }

    /// The bucket that shows a counted one.
    pub(super) fn of(&self, counted: usize) -> usize {
        self.of_counted.get(counted).copied().unwrap_or(counted)
    }

    /// Makes the counts of what is shown of those of what is counted.
    pub(super) fn fold(&self, buckets: &mut Vec<u64>) {
        if self.of_counted.is_empty() {
            return;
        }
        let mut shown = vec![0; self.bounds.len() + 1];
        for (counted, count) in buckets.iter().enumerate() {
            if let Some(sum) = shown.get_mut(self.of(counted)) {
                *sum += count;
            }
        }
        *buckets = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_once_is_shown_in_the_buckets_of_each() {
        let fast = Buckets::custom([0.1, 1.0]).unwrap();
        let slow = Buckets::custom([1.0, 30.0]).unwrap();
        let bounds = HistogramBounds::new(Unit::Seconds, &[&fast, &slow]);
        assert_eq!(bounds.len(), 4);
        // Up to 0.1, 1 and 30 seconds, and above.
        let counted = vec![1, 2, 4, 8];
        for (which, expected) in [(0, vec![1, 2, 12]), (1, vec![3, 4, 8]), (9, vec![1, 2, 12])] {
            let mut buckets = counted.clone();
            bounds.shown(which).unwrap().fold(&mut buckets);
            assert_eq!(buckets, expected);
        }
        let one = HistogramBounds::new(Unit::Seconds, &[&fast]);
        let mut buckets = vec![1, 2, 3];
        one.shown(0).unwrap().fold(&mut buckets);
        assert_eq!(buckets, [1, 2, 3]);
    }
}
