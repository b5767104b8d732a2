use crate::BuildError;
use std::{collections::BTreeMap, time::Duration};

/// A native histogram beside the classic buckets: sparse exponential buckets, which Prometheus stores as one series,
/// with quantiles of a constant relative error.
///
/// It is exposed in protobuf only (feature `protobuf`), since the text formats cannot express it. Prometheus reads it
/// if native histograms are enabled there. It then drops the classic `_bucket` series, and dashboards that use them are
/// empty, unless it is told to keep them: with `always_scrape_classic_histograms`, or `scrape_classic_histograms`
/// before 3.0.
///
/// A bucket grows over the one before by the factor `2^(2^-schema)`. The window limits the buckets: durations below it
/// count as zero, and those above it fall into its last bucket.
///
/// A label set takes 8 bytes for each bucket, for each thread that counted under it, and once more during a scrape.
/// With the default window and the default classic buckets, that is at most:
///
/// | schema | buckets | for each label set and thread |
/// |---|---|---|
/// | 0 | 45 | 0.4 KB |
/// | 1 | 77 | 0.6 KB |
/// | 2 | 141 | 1.1 KB |
/// | 3 (default) | 268 | 2.2 KB |
/// | 4 | 522 | 4.2 KB |
/// | 5 | 1 030 | 8.2 KB |
/// | 6 | 2 046 | 16 KB |
/// | 7 | 4 078 | 33 KB |
/// | 8 | 8 141 | 65 KB |
///
/// A window with half as many doublings of the duration has half as many buckets, such as from a millisecond to a
/// minute.
///
/// ```
/// use std::time::Duration;
/// use tower_red::{MetricsLayer, NativeHistogram};
///
/// let native = NativeHistogram::default()
///     .schema(4)
///     .window(Duration::from_micros(100), Duration::from_secs(60));
/// let (metrics, exposition) = MetricsLayer::builder().native_histogram(native).pair()?;
/// # let _ = (metrics, exposition);
///
/// let error = MetricsLayer::builder().native_histogram(native.schema(9)).pair().unwrap_err();
/// assert!(error.to_string().contains("schema 9"));
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct NativeHistogram {
    schema: u8,
    from: Duration,
    to: Duration,
}

/// The finest that Prometheus has.
const MOST_SCHEMA: u8 = 8;

impl Default for NativeHistogram {
    fn default() -> Self {
        Self {
            schema: 3,
            from: Duration::from_micros(1),
            to: Duration::from_secs(3_600),
        }
    }
}

impl NativeHistogram {
    /// How fine the buckets are, from 0 to 8: there are `2^schema` of them between a duration and its double.
    /// Defaults to 3, an error of at most 4.4 % of a quantile.
    pub fn schema(mut self, schema: u8) -> Self {
        self.schema = schema;
        self
    }

    /// The durations that get buckets of their own. Defaults to those from a microsecond to an hour.
    pub fn window(mut self, from: Duration, to: Duration) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// The buckets, beside those with these bounds in nanoseconds.
    pub(crate) fn validate(self, classic: &[u64]) -> Result<NativeBuckets, BuildError> {
        let Self { schema, from, to } = self;
        if schema > MOST_SCHEMA {
            return Err(BuildError::InvalidSchema { schema });
        }
        // What a bucket's bound can be in nanoseconds.
        let longest = Duration::from_secs(1 << 32);
        if from.is_zero() || from >= to || to > longest {
            return Err(BuildError::InvalidWindow { from, to });
        }
        Ok(NativeBuckets::new(self, classic))
    }
}

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
    fn new(of: NativeHistogram, classic: &[u64]) -> Self {
        let steps = f64::from(1_u32 << of.schema);
        // A duration above zero and below the longest has an index that is far from the limits.
        let index = |duration: Duration| duration.as_secs_f64().log2() * steps;
        let zero = index(of.from).floor() as i32;
        let last = (index(of.to).ceil() as i32).max(zero + 1);
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
            schema: of.schema,
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

    fn set(&mut self, counts: impl IntoIterator<Item = (i32, i64)>) {
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

    const CLASSIC: [u64; 3] = [5_000_000, 1_000_000_000, 7_777_777_777];

    fn buckets(schema: u8) -> NativeBuckets {
        NativeHistogram::default()
            .schema(schema)
            .validate(&CLASSIC)
            .unwrap()
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
    fn there_are_as_many_as_the_docs_say() {
        let classic: Vec<u64> = crate::Buckets::default().counts(1e9).collect();
        let bins = [45, 77, 141, 268, 522, 1_030, 2_046, 4_078, 8_141];
        for (schema, bins) in (0..).zip(bins) {
            let native = NativeHistogram::default().schema(schema);
            assert_eq!(native.validate(&classic).unwrap().bins(), bins);
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

    #[test]
    fn sums_are_those_of_all_counts() {
        let buckets = buckets(3);
        let sparse = |counts: &[(i32, u64)]| {
            let mut dense = vec![0; buckets.len()];
            for (index, count) in counts {
                dense[(index - buckets.first + 1) as usize] = *count;
            }
            dense[0] = 3;
            let mut sparse = SparseBuckets::default();
            buckets.fill(&mut sparse, &dense);
            sparse
        };
        let mut sum = sparse(&[(-3, 5), (-2, 2), (7, 1)]);
        sum.add(&sparse(&[(-2, 1), (-1, 4), (90, 2)]));
        let mut expected = sparse(&[(-3, 5), (-2, 3), (-1, 4), (7, 1), (90, 2)]);
        expected.zero_count = 6;
        assert_eq!(sum, expected);
    }

    #[test]
    fn what_has_no_buckets_is_refused() {
        let native = NativeHistogram::default();
        let micros = Duration::from_micros;
        for (from, to) in [(0, 1), (2, 2), (3, 2)] {
            let error = native
                .window(micros(from), micros(to))
                .validate(&CLASSIC)
                .unwrap_err();
            assert_eq!(
                error,
                BuildError::InvalidWindow {
                    from: micros(from),
                    to: micros(to)
                }
            );
        }
        native
            .window(micros(1), Duration::MAX)
            .validate(&CLASSIC)
            .unwrap_err();
        assert!(native.schema(9).validate(&CLASSIC).is_err());
        let narrow = native.schema(0).window(micros(1_000), micros(1_001));
        assert_eq!(narrow.validate(&CLASSIC).unwrap().len(), 2);
    }
}
