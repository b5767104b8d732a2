use crate::histogram::SparseBuckets;
use std::sync::Arc;

/// The value of one series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sample {
    /// Of every kind but histograms and summaries.
    Number {
        value: Number,
        /// When its counting began, in milliseconds since 1970.
        created: Option<u64>,
        exemplar: Option<Box<Exemplar>>,
    },
    Histogram(Box<Histogram>),
    Summary(Box<Summary>),
    /// A value that is of a certain time, in milliseconds since 1970. All others are of the time of their scrape.
    At(i64, Box<Self>),
}

impl Sample {
    pub(crate) fn number(value: Number) -> Self {
        Self::Number {
            value,
            created: None,
            exemplar: None,
        }
    }
}

impl Sample {
    /// Adds a sample of the same kind and buckets.
    pub(crate) fn add(&mut self, other: &Self) {
        match (self, other) {
            (
                Self::Number { value, created, .. },
                Self::Number {
                    value: more,
                    created: since,
                    ..
                },
            ) => {
                *value = value.plus(*more);
                *created = (*created).min(*since);
            }
            (Self::Histogram(histogram), Self::Histogram(more)) => histogram.add(more),
            _ => {}
        }
    }
}

/// A number, of the type that it came in: it is written as such.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Unsigned(value) => value as f64,
            Self::Signed(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsigned(one), Self::Unsigned(other)) => Self::Unsigned(one.wrapping_add(other)),
            (one, other) => Self::Float(one.to_f64() + other.to_f64()),
        }
    }

    /// What a text says; `None` if it is no number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(value) = text.parse() {
            return Some(Self::Unsigned(value));
        }
        let signed = text.parse().map(Self::Signed);
        signed.or_else(|_| text.parse().map(Self::Float)).ok()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) sum: f64,
    pub(crate) count: u64,
    /// Upper bounds, but that of the last bucket, which has none.
    pub(crate) bounds: Arc<[f64]>,
    /// By bucket, not cumulated: one more than bounds.
    pub(crate) buckets: Vec<u64>,
    /// By bucket; those after the last one that has any may be missing.
    pub(crate) exemplars: Vec<Option<Exemplar>>,
    pub(crate) native: Option<SparseBuckets>,
    /// When its counting began, in milliseconds since 1970.
    pub(crate) created: Option<u64>,
}

impl Histogram {
    /// Adds one with the same buckets.
    fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        // There are none at all as long as nothing had one.
        if self.exemplars.is_empty() {
            self.exemplars.resize(other.exemplars.len(), None);
        }
        let exemplars = self.exemplars.iter_mut().zip(&other.exemplars);
        for (exemplar, other) in exemplars {
            *exemplar = exemplar.take().or_else(|| other.clone());
        }
        if let (Some(native), Some(more)) = (&mut self.native, &other.native) {
            native.add(more);
        }
        self.created = self.created.min(other.created);
    }

    /// Each bucket's bound, how many observations are below it, and its exemplar.
    pub(crate) fn cumulated(&self) -> impl Iterator<Item = (f64, u64, Option<&Exemplar>)> {
        let mut cumulated = 0;
        self.buckets.iter().enumerate().map(move |(index, count)| {
            cumulated += count;
            let bound = self.bounds.get(index).copied();
            let exemplar = self.exemplars.get(index).and_then(Option::as_ref);
            (bound.unwrap_or(f64::INFINITY), cumulated, exemplar)
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Summary {
    pub(crate) sum: f64,
    pub(crate) count: u64,
    /// Pairs of a quantile, from 0 to 1, and its value.
    pub(crate) quantiles: Vec<(f64, f64)>,
}

/// One of the observations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    /// As those of a series.
    pub(crate) labels: String,
    pub(crate) value: f64,
    pub(crate) timestamp: Option<Timestamp>,
}

/// A moment, since 1970, in the unit that it came in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Timestamp {
    Millis(u64),
    Seconds(f64),
}
