use super::{
    labels::{LabelError, SplitLabels, split_off_label},
    line::Line,
};
use crate::model::{Exemplar, Histogram, Kind, Sample, Summary};
use std::{borrow::Cow, sync::Arc};

/// A histogram or a summary as far as its lines are read. They come together, in whatever order.
pub(super) struct CompoundReader<'a> {
    /// Without the one that its parts are told apart by.
    labels: Cow<'a, str>,
    time: Option<i64>,
    sum: Option<&'a str>,
    count: Option<&'a str>,
    parts: Vec<Part<'a>>,
    /// By the index of the part.
    exemplars: Vec<(usize, Exemplar)>,
}

/// A bucket or a quantile.
struct Part<'a> {
    /// The bucket's bound, or which quantile it is.
    at: f64,
    value: &'a str,
}

/// What a line says of a series.
pub(super) enum Piece<'l> {
    Sum,
    Count,
    /// A part, with the label that it is told apart by taken out.
    Part(SplitLabels<'l>),
}

impl<'l> Piece<'l> {
    pub(super) fn new(line: &'l Line<'_>, suffix: &str, kind: Kind) -> Result<Self, LabelError> {
        Ok(match suffix {
            "_sum" => Self::Sum,
            "_count" => Self::Count,
            _ => {
                let split = split_off_label(&line.labels, part_label(kind));
                Self::Part(split.ok_or(LabelError::Malformed)?)
            }
        })
    }
}

impl<'a> CompoundReader<'a> {
    /// For the series of a line.
    pub(super) fn new(line: &Line<'a>, piece: &Piece<'_>, kind: Kind) -> Result<Self, LabelError> {
        let labels = match piece {
            Piece::Part(split) => {
                line.check_labels(None)?;
                Cow::Owned(split.others())
            }
            Piece::Sum | Piece::Count => {
                line.check_labels(Some(part_label(kind)))?;
                line.labels.clone()
            }
        };
        Ok(Self {
            labels,
            time: line.time,
            sum: None,
            count: None,
            parts: Vec::new(),
            exemplars: Vec::new(),
        })
    }

    /// Whether a line is of this series, and not there yet.
    pub(super) fn lacks(&self, line: &Line<'a>, piece: &Piece<'_>) -> bool {
        match piece {
            Piece::Sum => self.sum.is_none() && self.labels == line.labels,
            Piece::Count => self.count.is_none() && self.labels == line.labels,
            Piece::Part(split) => split.others_are(&self.labels),
        }
    }

    pub(super) fn add(&mut self, line: &Line<'a>, piece: &Piece<'_>) -> Result<(), LabelError> {
        if line.time != self.time {
            return Err(LabelError::Malformed);
        }
        match piece {
            Piece::Sum => self.sum = Some(line.value),
            Piece::Count => self.count = Some(line.value),
            Piece::Part(split) => {
                let exemplar = line.exemplar()?;
                let index = self.parts.len();
                self.exemplars.extend(exemplar.map(|it| (index, it)));
                let at = split.value.parse().map_err(|_| LabelError::Malformed)?;
                let value = line.value;
                self.parts.push(Part { at, value });
            }
        }
        Ok(())
    }

    /// Takes the bounds given if they are the same.
    pub(super) fn end(
        self,
        kind: Kind,
        known: Option<&Arc<[f64]>>,
    ) -> Result<(String, Sample), LabelError> {
        let sum = self.sum.and_then(|sum| sum.parse().ok());
        let sum = sum.ok_or(LabelError::Malformed)?;
        let count = self.count.and_then(parse_count);
        let count = count.ok_or(LabelError::Malformed)?;
        let sample = match kind {
            Kind::Summary => Sample::Summary(Box::new(Summary {
                sum,
                count,
                quantiles: quantiles(&self.parts)?,
            })),
            _ => {
                let mut histogram = histogram(sum, count, self.parts, known)?;
                histogram.exemplars = by_bucket(self.exemplars);
                Sample::Histogram(Box::new(histogram))
            }
        };
        let sample = match self.time {
            Some(millis) => Sample::At(millis, Box::new(sample)),
            None => sample,
        };
        Ok((self.labels.into_owned(), sample))
    }
}

fn part_label(kind: Kind) -> &'static str {
    match kind {
        Kind::Summary => "quantile",
        _ => "le",
    }
}

/// A whole number, which some clients write as `5.0` or `1.5e+06`.
fn parse_count(text: &str) -> Option<u64> {
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let count: f64 = text.parse().ok()?;
    let is_whole = count >= 0.0 && count < u64::MAX as f64 && count.fract() == 0.0;
    is_whole.then_some(count as u64)
}

fn quantiles(parts: &[Part<'_>]) -> Result<Vec<(f64, f64)>, LabelError> {
    let quantiles = parts.iter().map(|part| {
        let value = part.value.parse().map_err(|_| LabelError::Malformed)?;
        Ok((part.at, value))
    });
    quantiles.collect()
}

fn histogram(
    sum: f64,
    count: u64,
    mut parts: Vec<Part<'_>>,
    known: Option<&Arc<[f64]>>,
) -> Result<Histogram, LabelError> {
    let mut buckets = Vec::with_capacity(parts.len() + 1);
    let mut cumulated = 0;
    for part in &parts {
        let so_far = parse_count(part.value).ok_or(LabelError::Malformed)?;
        let inside = so_far.checked_sub(cumulated);
        buckets.push(inside.ok_or(LabelError::Malformed)?);
        cumulated = so_far;
    }
    match parts.last() {
        Some(part) if part.at == f64::INFINITY => drop(parts.pop()),
        // Every histogram has a bucket without a bound, whether it came or not.
        _ => buckets.push(count.saturating_sub(cumulated)),
    }
    let bounds = || parts.iter().map(|part| part.at);
    let known = known.filter(|known| known.iter().copied().eq(bounds()));
    Ok(Histogram {
        sum,
        count,
        bounds: known.map_or_else(|| bounds().collect(), Arc::clone),
        buckets,
        ..Histogram::default()
    })
}

fn by_bucket(exemplars: Vec<(usize, Exemplar)>) -> Vec<Option<Exemplar>> {
    let mut all = Vec::new();
    for (index, exemplar) in exemplars {
        all.resize(index + 1, None);
        all[index] = Some(exemplar);
    }
    all
}
