//! OpenMetrics as `prometheus-client` writes it.
//!
//! The library neither escapes help texts nor checks any name. What it writes of a family is one line each of
//! `HELP`, `TYPE` and, of some, `UNIT`, and the samples: anything else is what a line break made.

use super::{line::Line, reader::Reader};
use crate::{ScrapeError, model::Kind};
use std::borrow::Cow;

impl<'a> Reader<'a> {
    pub(super) fn read_library_line(&mut self, line: &'a str) -> Result<(), ScrapeError> {
        let Some(family) = &mut self.current else {
            return self.read_declaration(line.strip_prefix("# HELP ").unwrap_or_default());
        };
        if let Some(help) = line.strip_prefix("# HELP ") {
            return self.read_declaration(help);
        }
        let name = family.name;
        let line = Line::parse_open_metrics(line);
        let suffix = line.as_ref().and_then(|line| family.suffix(line.name));
        let (Some(line), Some(suffix)) = (line, suffix) else {
            return Err(self.malformed(name));
        };
        let added = family.add(&line, suffix);
        added.map_err(|error| self.error(error, name))
    }

    /// Reads what stands after `HELP`, and the next lines.
    fn read_declaration(&mut self, help: &'a str) -> Result<(), ScrapeError> {
        self.end_family()?;
        let (name, help) = help.split_once(' ').unwrap_or((help, ""));
        let Some(kind) = self.declared("# TYPE ", name).and_then(parse_kind) else {
            return Err(self.malformed(name));
        };
        let unit = self.peek_line();
        let unit = match unit.is_some_and(|line| line.starts_with("# UNIT ")) {
            true => {
                let unit = self.declared("# UNIT ", name);
                Some(unit.ok_or_else(|| self.malformed(name))?)
            }
            false => None,
        };
        self.begin_family(name)?;
        if let Some(family) = &mut self.current {
            family.help = Some(Cow::Borrowed(help));
            family.kind = Some(kind);
            family.unit = unit;
        }
        Ok(())
    }

    /// What the next line declares of a family; `None` if it is another line.
    fn declared(&mut self, what: &str, name: &str) -> Option<&'a str> {
        let line = self.next_line()?;
        let rest = line.strip_prefix(what)?.strip_prefix(name)?;
        rest.strip_prefix(' ')
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
