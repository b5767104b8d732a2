use super::{family::FamilyReader, labels::LabelError};
use crate::{
    ScrapeError,
    model::{Family, is_metric_name},
};
use std::{iter::Peekable, str::Lines};

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// As `prometheus-client` writes it.
    Library,
    /// The classic text format, version 0.0.4.
    Classic,
}

/// Reads a text, some lines at a time.
pub(super) struct Reader<'a> {
    dialect: Dialect,
    lines: Peekable<Lines<'a>>,
    /// How many lines were read.
    line: usize,
    families: Vec<Family>,
    /// The family whose samples come next.
    pub(super) current: Option<FamilyReader<'a>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            dialect,
            lines: text.lines().peekable(),
            line: 0,
            families: Vec::new(),
            current: None,
        }
    }

    /// Reads up to so many lines; `false` once all are read.
    pub(super) fn read_lines(&mut self, most: usize) -> Result<bool, ScrapeError> {
        for _ in 0..most {
            let Some(line) = self.next_line() else {
                self.end_family()?;
                return Ok(false);
            };
            match self.dialect {
                Dialect::Library => self.read_library_line(line)?,
                Dialect::Classic => self.read_classic_line(line)?,
            }
        }
        Ok(true)
    }

    pub(super) fn into_families(self) -> Vec<Family> {
        self.families
    }

    pub(super) fn next_line(&mut self) -> Option<&'a str> {
        let line = self.lines.next();
        self.line += usize::from(line.is_some());
        line
    }

    pub(super) fn peek_line(&mut self) -> Option<&'a str> {
        self.lines.peek().copied()
    }

    /// Begins the next family, and ends the one before it.
    pub(super) fn begin_family(&mut self, name: &'a str) -> Result<(), ScrapeError> {
        self.end_family()?;
        if name.is_empty() {
            return Err(self.malformed(name));
        }
        if !is_metric_name(name) {
            let family = name.to_owned();
            return Err(ScrapeError::InvalidName { family });
        }
        self.current = Some(FamilyReader::new(name));
        Ok(())
    }

    pub(super) fn end_family(&mut self) -> Result<(), ScrapeError> {
        if let Some(family) = self.current.take() {
            let name = family.name;
            let family = family.end().map_err(|error| self.error(error, name))?;
            self.families.push(family);
        }
        Ok(())
    }

    pub(super) fn malformed(&self, family: &str) -> ScrapeError {
        self.error(LabelError::Malformed, family)
    }

    pub(super) fn error(&self, error: LabelError, family: &str) -> ScrapeError {
        let family = family.to_owned();
        match (error, self.dialect) {
            (LabelError::Malformed, Dialect::Library) => ScrapeError::MalformedFamily { family },
            (LabelError::Malformed, Dialect::Classic) => ScrapeError::MalformedText {
                family,
                line: self.line,
            },
            (LabelError::Invalid(label), _) => ScrapeError::InvalidLabel { family, label },
            (LabelError::Duplicate(label), _) => ScrapeError::DuplicateLabel { family, label },
        }
    }
}
