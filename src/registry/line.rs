use super::labels::{LabelError, check_labels, labels_end, without_blanks};
use crate::model::{Exemplar, Timestamp};
use std::borrow::Cow;

/// What the classic format has between words.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// The parts of a sample's line.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// Without the braces.
    pub(super) labels: Cow<'a, str>,
    pub(super) value: &'a str,
    /// In milliseconds since 1970.
    pub(super) time: Option<i64>,
    /// Without the mark before it.
    exemplar: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// As `prometheus-client` writes it; `None` if it is none.
    pub(super) fn parse_open_metrics(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_at(line.find(['{', ' '])?);
        let (labels, values) = split_labels(rest)?;
        let (value, exemplar) = match values.split_once(" # ") {
            Some((value, exemplar)) => (value, Some(exemplar)),
            None => (values, None),
        };
        Some(Self {
            name,
            labels: Cow::Borrowed(labels),
            value,
            time: None,
            exemplar,
        })
    }

    /// Of the classic format, without blanks around it; `None` if it is none.
    pub(super) fn parse_classic(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_at(line.find(|char| char == '{' || BLANKS.contains(&char))?);
        let rest = rest.trim_start_matches(BLANKS);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => {
                let (labels, rest) = rest.split_at(labels_end(rest)?);
                (labels, &rest[1..])
            }
            None => ("", rest),
        };
        let mut words = rest.split(BLANKS).filter(|word| !word.is_empty());
        let value = words.next()?;
        let time = words.next().map(str::parse).transpose().ok()?;
        words.next().is_none().then(|| Self {
            name,
            labels: without_blanks(labels),
            value,
            time,
            exemplar: None,
        })
    }

    pub(super) fn check_labels(&self, taken: Option<&str>) -> Result<(), LabelError> {
        check_labels(&self.labels, taken)
    }

    pub(super) fn exemplar(&self) -> Result<Option<Exemplar>, LabelError> {
        self.exemplar.map(parse_exemplar).transpose()
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
