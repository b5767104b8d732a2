use super::{
    histogram::HistogramReader,
    labels::{LabelError, check_labels, labels_end},
};
use crate::{
    ScrapeError,
    model::{Exemplar, Family, Kind, Number, Sample, Timestamp, is_metric_name},
};
use std::{iter::Peekable, str::Lines};

/// Reads the text of a registry, some lines at a time.
///
/// The library neither escapes help texts nor checks any name. What it writes of a family is one line each of
/// `HELP`, `TYPE` and, of some, `UNIT`, and the samples: anything else is what a line break made.
pub(super) struct Reader<'a> {
    lines: Peekable<Lines<'a>>,
    families: Vec<Family>,
    /// The family whose samples come next.
    current: Option<FamilyReader<'a>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().peekable(),
            families: Vec::new(),
            current: None,
        }
    }

    /// Reads up to so many lines; `false` once all are read.
    pub(super) fn read_lines(&mut self, most: usize) -> Result<bool, ScrapeError> {
        for _ in 0..most {
            let Some(line) = self.lines.next() else {
                self.end_family()?;
                return Ok(false);
            };
            match (line.strip_prefix("# HELP "), &mut self.current) {
                (None, Some(family)) => family.add(line)?,
                (help, _) => self.begin_family(help.unwrap_or_default())?,
            }
        }
        Ok(true)
    }

    pub(super) fn into_families(self) -> Vec<Family> {
        self.families
    }

    /// By what stands after `HELP`, and the next lines.
    fn begin_family(&mut self, help: &'a str) -> Result<(), ScrapeError> {
        self.end_family()?;
        let (name, help) = help.split_once(' ').unwrap_or((help, ""));
        let Some(kind) = self.declared("# TYPE ", name).and_then(parse_kind) else {
            return Err(malformed(name));
        };
        if !is_metric_name(name) {
            let family = name.to_owned();
            return Err(ScrapeError::InvalidName { family });
        }
        let has_unit = self
            .lines
            .peek()
            .is_some_and(|line| line.starts_with("# UNIT "));
        let unit = match has_unit {
            true => Some(
                self.declared("# UNIT ", name)
                    .ok_or_else(|| malformed(name))?,
            ),
            false => None,
        };
        self.current = Some(FamilyReader {
            name,
            help,
            unit,
            kind,
            series: Vec::new(),
            histogram: None,
        });
        Ok(())
    }

    /// What the next line declares of a family; `None` if it is another line.
    fn declared(&mut self, what: &str, name: &str) -> Option<&'a str> {
        let line = self.lines.next()?;
        let rest = line.strip_prefix(what)?.strip_prefix(name)?;
        rest.strip_prefix(' ')
    }

    fn end_family(&mut self) -> Result<(), ScrapeError> {
        if let Some(family) = self.current.take() {
            self.families.push(family.end()?);
        }
        Ok(())
    }
}

/// One of the types that the library has.
pub(super) fn parse_kind(name: &str) -> Option<Kind> {
    Some(match name {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "info" => Kind::Info,
        "unknown" => Kind::Unknown,
        _ => return None,
    })
}

fn malformed(family: &str) -> ScrapeError {
    ScrapeError::MalformedFamily {
        family: family.to_owned(),
    }
}

/// A family as far as its samples are read.
struct FamilyReader<'a> {
    name: &'a str,
    help: &'a str,
    unit: Option<&'a str>,
    kind: Kind,
    series: Vec<(String, Sample)>,
    histogram: Option<HistogramReader<'a>>,
}

impl<'a> FamilyReader<'a> {
    fn add(&mut self, line: &'a str) -> Result<(), ScrapeError> {
        self.try_add(line)
            .map_err(|error| error.of_family(self.name))
    }

    fn try_add(&mut self, line: &'a str) -> Result<(), LabelError> {
        let line = Line::parse(line, self.name).ok_or(LabelError::Malformed)?;
        if !self.kind.suffixes().contains(&line.suffix) {
            return Err(LabelError::Malformed);
        }
        if self.kind == Kind::Histogram {
            return self.add_to_histogram(&line);
        }
        check_labels(line.labels, None)?;
        let value = Number::parse(line.value).ok_or(LabelError::Malformed)?;
        // No other of these has one in any format.
        let exemplar = line.exemplar.filter(|_| self.kind == Kind::Counter);
        let exemplar = exemplar.map(parse_exemplar).transpose()?;
        let sample = Sample::Number {
            value,
            created: None,
            exemplar: exemplar.map(Box::new),
        };
        self.series.push((line.labels.to_owned(), sample));
        Ok(())
    }

    /// The library writes the lines of a histogram together: the sum, the count, then the buckets.
    fn add_to_histogram(&mut self, line: &Line<'a>) -> Result<(), LabelError> {
        match (line.suffix, &mut self.histogram) {
            ("_sum", _) => {
                self.end_histogram()?;
                check_labels(line.labels, Some("le"))?;
                self.histogram = Some(HistogramReader::new(line.labels, line.value)?);
            }
            ("_count", Some(histogram)) => histogram.set_count(line.labels, line.value)?,
            (_, Some(histogram)) => {
                let exemplar = line.exemplar.map(parse_exemplar).transpose()?;
                histogram.add_bucket(line.labels, line.value, exemplar)?;
            }
            (_, None) => return Err(LabelError::Malformed),
        }
        Ok(())
    }

    fn end_histogram(&mut self) -> Result<(), LabelError> {
        if let Some(histogram) = self.histogram.take() {
            // Mostly those of the histogram before it, which then need not be kept again.
            let last = self.series.last().and_then(|(_, sample)| match sample {
                Sample::Histogram(histogram) => Some(&histogram.bounds),
                Sample::Number { .. } => None,
            });
            let (labels, histogram) = histogram.end(last)?;
            let sample = Sample::Histogram(Box::new(histogram));
            self.series.push((labels.to_owned(), sample));
        }
        Ok(())
    }

    fn end(mut self) -> Result<Family, ScrapeError> {
        self.end_histogram()
            .map_err(|error| error.of_family(self.name))?;
        Ok(Family {
            name: self.name.to_owned().into(),
            help: self.help.to_owned().into(),
            unit: self.unit.map(|unit| unit.to_owned().into()),
            kind: self.kind,
            sources: vec![Box::new(self.series)],
        })
    }
}

/// The parts of a sample's line.
struct Line<'a> {
    /// What its name adds to the family's.
    suffix: &'a str,
    /// Without the braces.
    labels: &'a str,
    value: &'a str,
    /// Without the mark before it.
    exemplar: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// `None` if it is none of that family.
    fn parse(line: &'a str, family: &str) -> Option<Self> {
        let rest = line.strip_prefix(family)?;
        let (suffix, rest) = rest.split_at(rest.find(['{', ' '])?);
        let (labels, values) = split_labels(rest)?;
        let (value, exemplar) = match values.split_once(" # ") {
            Some((value, exemplar)) => (value, Some(exemplar)),
            None => (values, None),
        };
        Some(Self {
            suffix,
            labels,
            value,
            exemplar,
        })
    }
}

/// Labels without their braces, if there are any, and what comes after them and a space.
fn split_labels(text: &str) -> Option<(&str, &str)> {
    let Some(rest) = text.strip_prefix('{') else {
        return Some(("", text.strip_prefix(' ')?));
    };
    let (labels, rest) = rest.split_at(labels_end(rest)?);
    Some((labels, rest.strip_prefix("} ")?))
}

fn parse_exemplar(text: &str) -> Result<Exemplar, LabelError> {
    let (labels, values) = split_labels(text).ok_or(LabelError::Malformed)?;
    check_labels(labels, None)?;
    let (value, timestamp) = match values.split_once(' ') {
        Some((value, timestamp)) => (value, Some(timestamp)),
        None => (values, None),
    };
    let parse = |text: &str| text.parse::<f64>().map_err(|_| LabelError::Malformed);
    Ok(Exemplar {
        labels: labels.to_owned(),
        value: parse(value)?,
        timestamp: timestamp.map(parse).transpose()?.map(Timestamp::Seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Family>, ScrapeError> {
        let mut reader = Reader::new(text);
        while reader.read_lines(1)? {}
        Ok(reader.into_families())
    }

    #[test]
    fn a_histogram_is_a_sum_a_count_and_buckets_in_that_order() {
        let read = |lines: &[(&str, &str)]| {
            let mut text = String::from("# HELP a A.\n# TYPE a histogram\n");
            for (series, value) in lines {
                text.push_str(&format!("a_{series} {value}\n"));
            }
            read(&text).map(|families| families[0].sources[0].len())
        };
        let (sum, count) = (("sum", "1.5"), ("count", "1"));
        let bucket = (r#"bucket{le="+Inf"}"#, "1");
        assert_eq!(read(&[sum, count, bucket, sum, count, bucket]), Ok(2));
        assert_eq!(read(&[sum, count]), Ok(1));
        for lines in [
            &[count][..],
            &[bucket],
            &[sum],
            &[sum, bucket],
            &[sum, sum, count],
            &[sum, ("count", "1.5")],
            &[sum, count, ("bucket", "1")],
            &[sum, count, (r#"bucket{le="x"}"#, "1")],
            &[sum, count, (r#"bucket{le="1"}"#, "-1")],
            &[sum, count, (r#"bucket{le="1"}"#, "1 # {} x")],
            &[sum, count, (r#"bucket{le="1",b="c"}"#, "1")],
            &[sum, count, (r#"bucket{le="1"}"#, "2"), bucket],
        ] {
            assert!(read(lines).is_err(), "{lines:?}");
        }
    }
}
