use std::collections::BTreeMap;

/// The buckets of a native histogram that have counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SparseBuckets {
    pub(crate) schema: u8,
    /// In seconds.
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    /// How far from the end of the one before, the first from 0, and how many buckets.
    pub(crate) spans: Vec<(i32, u32)>,
    /// The difference of each count to the one before.
    pub(crate) deltas: Vec<i64>,
}

impl SparseBuckets {
    /// Adds those of a histogram with the same buckets.
    pub(crate) fn add(&mut self, other: &Self) {
        self.zero_count += other.zero_count;
        let mut counts = self.counts();
        for (index, count) in other.counts() {
            *counts.entry(index).or_default() += count;
        }
        self.set(counts);
    }

    /// The counts of buckets, by their index.
    fn counts(&self) -> BTreeMap<i32, i64> {
        let (mut index, mut count) = (0, 0);
        let mut deltas = self.deltas.iter();
        let mut counts = BTreeMap::new();
        for (gap, length) in &self.spans {
            index += gap;
            for delta in deltas.by_ref().take(*length as usize) {
                count += delta;
                counts.insert(index, count);
                index += 1;
            }
        }
        counts
    }

    /// Sets the counts of buckets, by their index.
    pub(super) fn set(&mut self, counts: impl IntoIterator<Item = (i32, i64)>) {
        self.spans.clear();
        self.deltas.clear();
        // The index after the last bucket of the last span, and its count.
        let (mut next, mut last) = (0, 0);
        for (index, count) in counts {
            match self.spans.last_mut() {
                Some((_, length)) if index == next => *length += 1,
                _ => self.spans.push((index - next, 1)),
            }
            self.deltas.push(count - last);
            (next, last) = (index + 1, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_all_counts() {
        let sparse = |counts: &[(i32, i64)]| {
            let mut sparse = SparseBuckets {
                zero_count: 3,
                ..SparseBuckets::default()
            };
            sparse.set(counts.iter().copied());
            sparse
        };
        let mut sum = sparse(&[(-3, 5), (-2, 2), (7, 1)]);
        sum.add(&sparse(&[(-2, 1), (-1, 4), (90, 2)]));
        let mut expected = sparse(&[(-3, 5), (-2, 3), (-1, 4), (7, 1), (90, 2)]);
        expected.zero_count = 6;
        assert_eq!(sum, expected);
    }
}
