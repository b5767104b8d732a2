use crate::BuildError;

const MOST: usize = 64;

/// Upper bounds of a histogram's buckets, in seconds, or in bytes where sizes are measured.
///
/// They are finite, at least a nanosecond, strictly increasing, and at most 64; the infinite bucket is added
/// automatically. Other bounds are a [`BuildError`] that names the value. Every bound is one more series for each label
/// set.
///
/// Defaults to those of the OpenTelemetry HTTP conventions: .005, .01, .025, .05, .075, .1, .25, .5, .75, 1,
/// 2.5, 5, 7.5, 10.
///
/// ```
/// use tower_red::{BuildError, Buckets};
///
/// assert_eq!(Buckets::default().bounds().len(), 14);
/// assert_eq!(Buckets::exponential(0.01, 2.0, 4)?.bounds(), [0.01, 0.02, 0.04, 0.08]);
/// assert_eq!(
///     Buckets::custom([0.5, 0.1]),
///     Err(BuildError::BucketsNotIncreasing { previous: 0.5, bound: 0.1 }),
/// );
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Buckets {
    bounds: Box<[f64]>,
}

impl Buckets {
    /// For work that is done in milliseconds: .01, .05, .1, .25, .5, 1.
    pub fn fast() -> Self {
        Self::valid([0.01, 0.05, 0.1, 0.25, 0.5, 1.0])
    }

    /// For work that takes seconds: .25, .5, 1, 2, 5, 10.
    pub fn medium() -> Self {
        Self::valid([0.25, 0.5, 1.0, 2.0, 5.0, 10.0])
    }

    /// For work that takes minutes: 1, 5, 10, 30, 60, 120.
    pub fn slow() -> Self {
        Self::valid([1.0, 5.0, 10.0, 30.0, 60.0, 120.0])
    }

    /// For sizes: 100, 1 000 and so on, up to 1 000 000 000 bytes.
    pub fn bytes() -> Self {
        Self::valid([1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9])
    }

    /// The bounds as given.
    ///
    /// # Errors
    ///
    /// If there are none or more than 64, or if one is not finite, is below a nanosecond, or is not above the one
    /// before it when both are rounded to nanoseconds.
    pub fn custom(bounds: impl IntoIterator<Item = f64>) -> Result<Self, BuildError> {
        // One more than allowed is enough to know, however long the iterator is.
        let bounds: Vec<f64> = bounds.into_iter().take(MOST + 1).collect();
        match bounds.len() {
            0 => return Err(BuildError::NoBuckets),
            1..=MOST => {}
            _ => return Err(BuildError::TooManyBuckets { most: MOST }),
        }
        if let Some(bound) = bounds
            .iter()
            .copied()
            .find(|bound| !bound.is_finite() || *bound <= 0.0)
        {
            return Err(BuildError::InvalidBucket { bound });
        }
        if let Some(pair) = bounds.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(BuildError::BucketsNotIncreasing {
                previous: pair[0],
                bound: pair[1],
            });
        }
        if let Some(bound) = bounds.iter().copied().find(|bound| *bound < 1e-9) {
            return Err(BuildError::BucketTooSmall { bound });
        }
        // All that is above the largest number of nanoseconds is the same bound, too.
        if let Some(pair) = bounds
            .windows(2)
            .find(|pair| nanos(pair[0]) == nanos(pair[1]))
        {
            return Err(BuildError::BucketsTooClose {
                previous: pair[0],
                bound: pair[1],
            });
        }
        Ok(Self {
            bounds: bounds.into(),
        })
    }

    /// `count` bounds from `start` on, each `factor` times the one before it.
    ///
    /// # Errors
    ///
    /// Those of [`Buckets::custom`]: a `factor` of 1 or less makes no increasing bounds.
    pub fn exponential(start: f64, factor: f64, count: usize) -> Result<Self, BuildError> {
        let bounds = std::iter::successors(Some(start), |bound| Some(bound * factor));
        Self::custom(bounds.take(count))
    }

    /// `count` bounds from `start` on, each `width` above the one before it.
    ///
    /// # Errors
    ///
    /// Those of [`Buckets::custom`]: a `width` of 0 or less makes no increasing bounds.
    pub fn linear(start: f64, width: f64, count: usize) -> Result<Self, BuildError> {
        // Multiplied and not added up, which would carry each rounding on to all that follow.
        Self::custom((0..count).map(|step| start + width * step as f64))
    }

    /// The bounds, in seconds, or in bytes where sizes are measured.
    #[must_use]
    pub fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// The bounds in so many parts of one, rounded to the nearest.
    pub(crate) fn counts(&self, parts: f64) -> impl Iterator<Item = u64> {
        self.bounds
            .iter()
            .map(move |bound| (bound * parts).round() as u64)
    }

    fn valid(bounds: impl Into<Box<[f64]>>) -> Self {
        Self {
            bounds: bounds.into(),
        }
    }
}

/// A bound in nanoseconds, rounded to the nearest.
fn nanos(bound: f64) -> u64 {
    (bound * 1e9).round() as u64
}

impl Default for Buckets {
    fn default() -> Self {
        Self::valid([
            0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_what_custom_accepts() {
        for preset in [
            Buckets::default(),
            Buckets::fast(),
            Buckets::medium(),
            Buckets::slow(),
            Buckets::bytes(),
        ] {
            assert_eq!(Buckets::custom(preset.bounds().iter().copied()), Ok(preset));
        }
    }

    #[test]
    fn bounds_in_nanoseconds_are_exact() {
        let buckets = Buckets::custom([0.07, 0.29, 1.1, 1e30]).unwrap();
        assert_eq!(
            buckets.counts(1e9).collect::<Vec<_>>(),
            [70_000_000, 290_000_000, 1_100_000_000, u64::MAX]
        );
    }
}
