use super::NativeBuckets;
use crate::BuildError;
use std::time::Duration;

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
        Ok(NativeBuckets::new(schema, from..to, classic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_has_no_buckets_is_refused() {
        const CLASSIC: &[u64] = &[5_000_000];
        let native = NativeHistogram::default();
        let micros = Duration::from_micros;
        for (from, to) in [(0, 1), (2, 2), (3, 2)] {
            let error = native
                .window(micros(from), micros(to))
                .validate(CLASSIC)
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
            .validate(CLASSIC)
            .unwrap_err();
        assert!(native.schema(9).validate(CLASSIC).is_err());
        let narrow = native.schema(0).window(micros(1_000), micros(1_001));
        assert_eq!(narrow.validate(CLASSIC).unwrap().len(), 2);
    }
}
