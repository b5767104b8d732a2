use super::{
    compound::{CompoundReader, Piece},
    labels::LabelError,
    line::Line,
};
use crate::model::{Family, Kind, Number, Sample};
use std::borrow::Cow;

/// A family as far as its samples are read.
pub(super) struct FamilyReader<'a> {
    /// Without what the kind adds to those of its samples.
    pub(super) name: &'a str,
    /// The name as it was declared.
    declared: &'a str,
    pub(super) help: Option<Cow<'a, str>>,
    pub(super) unit: Option<&'a str>,
    /// Unknown if none was declared.
    pub(super) kind: Option<Kind>,
    series: Vec<(String, Sample)>,
    compound: Option<CompoundReader<'a>>,
}

impl<'a> FamilyReader<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        Self {
            name,
            declared: name,
            help: None,
            unit: None,
            kind: None,
            series: Vec::new(),
            compound: None,
        }
    }

    /// Whether there is no sample yet.
    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty() && self.compound.is_none()
    }

    /// The name that the classic format declares.
    pub(super) fn declared(&self) -> &'a str {
        self.declared
    }

    /// What the name of a sample adds to the family's; `None` if it is of another one.
    pub(super) fn suffix(&self, sample: &'a str) -> Option<&'a str> {
        let suffix = sample.strip_prefix(self.name)?;
        self.kind().suffixes().contains(&suffix).then_some(suffix)
    }

    pub(super) fn add(&mut self, line: &Line<'a>, suffix: &str) -> Result<(), LabelError> {
        if matches!(self.kind(), Kind::Histogram | Kind::Summary) {
            return self.add_to_compound(line, suffix);
        }
        line.check_labels(None)?;
        let value = Number::parse(line.value).ok_or(LabelError::Malformed)?;
        // No other of these has one in any format.
        let exemplar = match self.kind() {
            Kind::Counter => line.exemplar()?,
            _ => None,
        };
        let sample = Sample::Number {
            value,
            created: None,
            exemplar: exemplar.map(Box::new),
        };
        let sample = match line.time {
            Some(millis) => Sample::At(millis, Box::new(sample)),
            None => sample,
        };
        self.series.push((line.labels.clone().into_owned(), sample));
        Ok(())
    }

    fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Unknown)
    }

    fn add_to_compound(&mut self, line: &Line<'a>, suffix: &str) -> Result<(), LabelError> {
        let kind = self.kind();
        let piece = Piece::new(line, suffix, kind)?;
        let current = self.compound.as_ref();
        if !current.is_some_and(|compound| compound.lacks(line, &piece)) {
            self.end_compound()?;
            self.compound = Some(CompoundReader::new(line, &piece, kind)?);
        }
        match &mut self.compound {
            Some(compound) => compound.add(line, &piece),
            None => Ok(()),
        }
    }

    fn end_compound(&mut self) -> Result<(), LabelError> {
        if let Some(compound) = self.compound.take() {
            // Mostly those of the histogram before it, which then need not be kept again.
            let last = self.series.last().and_then(|(_, sample)| match sample {
                Sample::Histogram(histogram) => Some(&histogram.bounds),
                _ => None,
            });
            let series = compound.end(self.kind(), last)?;
            self.series.push(series);
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Family, LabelError> {
        self.end_compound()?;
        Ok(Family {
            kind: self.kind(),
            name: self.name.to_owned().into(),
            help: self.help.unwrap_or_default().into_owned().into(),
            unit: self.unit.map(|unit| unit.to_owned().into()),
            names: None,
            sources: vec![Box::new(self.series)],
        })
    }
}
