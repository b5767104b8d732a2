use super::SparseBuckets;
use std::{ops::Range, time::Duration};

/// Where durations fall.
///
/// Both histograms are made of the same bins, which the bounds of both make: a request is counted once, and so
/// in both or in none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NativeBuckets {
    schema: u8,
    /// Prometheus' index of the first bucket, the one after that of zeros.
    first: i32,
    /// How many buckets there are, with that of zeros.
    count: usize,
    bins: Box<[Bin]>,
    /// By the number of a duration's bits, the first bin that it may be in.
    starts: Box<[u16]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Bin {
    /// In nanoseconds; the last one has the largest number.
    bound: u64,
    /// The buckets that it is in.
    native: u16,
    classic: u16,
}

impl NativeBuckets {
    /// Buckets that tell apart the durations of that window, beside those with these bounds in nanoseconds.
    pub(super) fn new(schema: u8, window: Range<Duration>, classic: &[u64]) -> Self {
        let steps = f64::from(1_u32 << schema);
        // A duration above zero and below the longest has an index that is far from the limits.
        let index = |duration: Duration| duration.as_secs_f64().log2() * steps;
        let zero = index(window.start).floor() as i32;
        let last = (index(window.end).ceil() as i32).max(zero + 1);
        let bound = |index: i32| ((f64::from(index) / steps).exp2() * 1e9) as u64;
        let native: Vec<u64> = (zero..=last).map(bound).collect();

        let mut bounds: Vec<u64> = native.iter().chain(classic).copied().collect();
        bounds.push(u64::MAX);
        bounds.sort_unstable();
        bounds.dedup();
        let below = |bounds: &[u64], bound| bounds.partition_point(|other| *other < bound);
        let bins = bounds.iter().map(|bound| Bin {
            bound: *bound,
            // What is above the window is in its last bucket.
            native: below(&native, *bound).min(native.len() - 1) as u16,
            classic: below(classic, *bound) as u16,
        });
        let start = |bits: u32| {
            let least = 1_u64.checked_shl(bits.saturating_sub(1)).unwrap_or(0);
            below(&bounds, least) as u16
        };
        Self {
            schema,
            first: zero + 1,
            count: native.len(),
            bins: bins.collect(),
            starts: (0..=u64::BITS).map(start).collect(),
        }
    }

    /// How many buckets there are, with that of zeros.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// How many bins there are.
    pub(crate) fn bins(&self) -> usize {
        self.bins.len()
    }

    /// The bin of a duration.
    pub(crate) fn bin(&self, nanos: u64) -> usize {
        let bits = u64::BITS - nanos.leading_zeros();
        let start = self
            .starts
            .get(bits as usize)
            .map_or(0, |start| usize::from(*start));
        let rest = self.bins.get(start..).unwrap_or(&[]);
        // At most those between a number and its double.
        start + rest.iter().take_while(|bin| bin.bound < nanos).count()
    }

    /// The classic bucket of a bin.
    pub(crate) fn classic(&self, bin: usize) -> usize {
        self.bins.get(bin).map_or(0, |bin| usize::from(bin.classic))
    }

    /// Adds the counts of bins to those of the buckets that they are in.
    pub(crate) fn split(
        &self,
        counts: impl Iterator<Item = (usize, u64)>,
        classic: &mut [u64],
        native: &mut [u64],
    ) {
        for (bin, count) in counts.filter(|(_, count)| *count > 0) {
            let Some(bin) = self.bins.get(bin) else {
                return;
            };
            let buckets = [
                classic.get_mut(usize::from(bin.classic)),
                native.get_mut(usize::from(bin.native)),
            ];
            for bucket in buckets.into_iter().flatten() {
                *bucket += count;
            }
        }
    }

    /// Up to where a duration counts as zero, in seconds.
    fn zero_threshold(&self) -> f64 {
        (f64::from(self.first - 1) / f64::from(1_u32 << self.schema)).exp2()
    }

    /// Sets counts as Prometheus takes them: only those buckets that have any.
    pub(crate) fn fill(&self, sparse: &mut SparseBuckets, counts: &[u64]) {
        let (zero, counts) = counts.split_first().unwrap_or((&0, &[]));
        sparse.schema = self.schema;
        sparse.zero_threshold = self.zero_threshold();
        sparse.zero_count = *zero;
        let counts = (self.first..).zip(counts.iter().map(|count| *count as i64));
        sparse.set(counts.filter(|(_, count)| *count > 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSIC: [u64; 3] = [5_000_000, 1_000_000_000, 7_777_777_777];

    fn buckets(schema: u8) -> NativeBuckets {
        let window = Duration::from_micros(1)..Duration::from_secs(3_600);
        NativeBuckets::new(schema, window, &CLASSIC)
    }

    /// Where a duration falls in both histograms.
    fn positions(buckets: &NativeBuckets, nanos: u64) -> (usize, i32) {
        let mut counts = vec![0; buckets.bins()];
        counts[buckets.bin(nanos)] = 1;
        let (mut classic, mut native) = (vec![0; CLASSIC.len() + 1], vec![0; buckets.len()]);
        buckets.split(counts.into_iter().enumerate(), &mut classic, &mut native);
        let position = |counts: &[u64]| {
            assert_eq!(counts.iter().sum::<u64>(), 1);
            counts.iter().position(|count| *count == 1).unwrap()
        };
        assert_eq!(buckets.classic(buckets.bin(nanos)), position(&classic));
        let index = buckets.first + position(&native) as i32 - 1;
        (position(&classic), index)
    }

    /// Prometheus' definition: the least index whose bound is not below the duration, in the window.
    fn by_definition(buckets: &NativeBuckets, nanos: u64) -> (usize, i32) {
        let steps = f64::from(1_u32 << buckets.schema);
        let last = buckets.first + buckets.len() as i32 - 2;
        let bound = |index: i32| ((f64::from(index) / steps).exp2() * 1e9) as u64;
        let index = (buckets.first - 1..last).find(|index| nanos <= bound(*index));
        let classic = CLASSIC.iter().position(|bound| nanos <= *bound);
        (classic.unwrap_or(CLASSIC.len()), index.unwrap_or(last))
    }

    #[test]
    fn a_duration_falls_where_the_definition_says() {
        for schema in [0, 1, 3, 8] {
            let buckets = buckets(schema);
            let bounds = buckets.bins.iter().map(|bin| bin.bound);
            let some = bounds.step_by(1 << (schema / 2));
            let near = some.flat_map(|bound| [bound - 1, bound, bound.saturating_add(1)]);
            let any = (0..64).flat_map(|bits| [1 << bits, (1 << bits) + 1, 3 << (bits / 2)]);
            let classic = CLASSIC.into_iter().flat_map(|bound| [bound, bound + 1]);
            for nanos in near.chain(any).chain(classic).chain([0, u64::MAX]) {
                let expected = by_definition(&buckets, nanos);
                assert_eq!(positions(&buckets, nanos), expected, "{schema}: {nanos}");
            }
        }
    }

    #[test]
    fn bounds_are_powers_of_the_base() {
        let buckets = buckets(3);
        assert_eq!((buckets.first, buckets.len()), (-159, 256));
        // A bound of a second is in both.
        assert_eq!(buckets.bins(), 256 + CLASSIC.len() - 1 + 1);
        assert_eq!(buckets.zero_threshold(), 0.000_000_953_674_316_406_25);
        for (nanos, index) in [
            (0, -160),
            (953, -160),
            (1_000_000_000, 0),
            (1_000_000_001, 1),
            (500_000_000, -8),
            (2_000_000_000, 8),
            (u64::MAX, 95),
        ] {
            assert_eq!(positions(&buckets, nanos).1, index, "{nanos}");
        }
    }

    #[test]
    fn only_buckets_that_have_counts_are_told() {
        let buckets = buckets(3);
        let mut counts = vec![0; buckets.len()];
        let mut sparse = SparseBuckets::default();
        buckets.fill(&mut sparse, &counts);
        let none = SparseBuckets {
            schema: 3,
            zero_threshold: buckets.zero_threshold(),
            ..SparseBuckets::default()
        };
        assert_eq!(sparse, none);
        for (index, count) in [(-3, 5), (-2, 2), (0, 7), (90, 1)] {
            counts[(index - buckets.first + 1) as usize] = count;
        }
        counts[0] = 4;
        let expected = SparseBuckets {
            zero_count: 4,
            spans: vec![(-3, 2), (1, 1), (89, 1)],
            deltas: vec![5, -3, 5, -6],
            ..none
        };
        buckets.fill(&mut sparse, &counts);
        assert_eq!(sparse, expected);
    }
}
