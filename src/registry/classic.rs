//! The classic text format 0.0.4, as any client may write it.

use super::{
    line::{BLANKS, Line},
    reader::Reader,
};
use crate::{
    ScrapeError,
    model::{Family, Kind},
};
use std::{borrow::Cow, collections::HashSet};

impl<'a> Reader<'a> {
    pub(super) fn read_classic_line(&mut self, line: &'a str) -> Result<(), ScrapeError> {
        let line = line.trim_matches(BLANKS);
        match line.strip_prefix('#') {
            Some(comment) => self.read_comment(comment),
            None if line.is_empty() => Ok(()),
            None => self.read_sample(line),
        }
    }

    /// Reads a declaration. Any other comment is nothing.
    fn read_comment(&mut self, comment: &'a str) -> Result<(), ScrapeError> {
        let (keyword, rest) = split_word(comment.trim_start_matches(BLANKS));
        let (name, text) = split_word(rest);
        match keyword {
            "HELP" => self.read_help(name, text),
            "TYPE" => self.read_type(name, text),
            _ => Ok(()),
        }
    }

    fn read_help(&mut self, name: &'a str, help: &'a str) -> Result<(), ScrapeError> {
        self.declare(name)?;
        match &mut self.current {
            Some(family) if family.is_empty() && family.help.is_none() => {
                family.help = Some(unescape_help(help));
                Ok(())
            }
            _ => Err(self.malformed(name)),
        }
    }

    fn read_type(&mut self, name: &'a str, kind: &str) -> Result<(), ScrapeError> {
        self.declare(name)?;
        let kind = parse_kind(name, kind);
        match (&mut self.current, kind) {
            (Some(family), Some(kind)) if family.is_empty() && family.kind.is_none() => {
                family.name = match kind {
                    Kind::Counter => name.strip_suffix("_total").unwrap_or(name),
                    _ => name,
                };
                family.kind = Some(kind);
                Ok(())
            }
            _ => Err(self.malformed(name)),
        }
    }

    /// Begins a family, unless it is the one that was begun.
    fn declare(&mut self, name: &'a str) -> Result<(), ScrapeError> {
        let current = self.current.as_ref();
        match current.is_some_and(|family| family.declared() == name) {
            true => Ok(()),
            false => self.begin_family(name),
        }
    }

    /// A sample that is of no family begins one, whose type is unknown.
    fn read_sample(&mut self, text: &'a str) -> Result<(), ScrapeError> {
        let Some(line) = Line::parse_classic(text) else {
            let end = text.find(|char| char == '{' || BLANKS.contains(&char));
            return Err(self.malformed(&text[..end.unwrap_or(text.len())]));
        };
        let current = self.current.as_ref();
        let suffix = current.and_then(|family| family.suffix(line.name));
        if suffix.is_none() {
            self.begin_family(line.name)?;
        }
        let Some(family) = &mut self.current else {
            return Ok(());
        };
        let name = family.name;
        let added = family.add(&line, suffix.unwrap_or_default());
        added.map_err(|error| self.error(error, name))
    }
}

/// The first word, and what comes after the blanks behind it.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(BLANKS).unwrap_or((text, ""));
    (word, rest.trim_start_matches(BLANKS))
}

/// One of the types of the format. Counters may have any name there.
fn parse_kind(family: &str, name: &str) -> Option<Kind> {
    let is_total = family.len() > "_total".len() && family.ends_with("_total");
    Some(match name {
        "counter" if is_total => Kind::Counter,
        "counter" => Kind::BareCounter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "summary" => Kind::Summary,
        "untyped" => Kind::Unknown,
        _ => return None,
    })
}

/// A backslash before anything but a backslash and an `n` is one, as Prometheus reads it.
fn unescape_help(help: &str) -> Cow<'_, str> {
    if !help.contains('\\') {
        return Cow::Borrowed(help);
    }
    let mut plain = String::with_capacity(help.len());
    let mut chars = help.chars();
    while let Some(char) = chars.next() {
        match (char, chars.as_str().chars().next()) {
            ('\\', Some('\\')) => plain.push('\\'),
            ('\\', Some('n')) => plain.push('\n'),
            _ => {
                plain.push(char);
                continue;
            }
        }
        chars.next();
    }
    Cow::Owned(plain)
}

/// Lets counters keep their whole names beside other families of what these would be without `_total`.
///
/// Go's runtime has a gauge `go_memstats_alloc_bytes` and a counter `go_memstats_alloc_bytes_total`, which are two names
/// here, and one in OpenMetrics.
pub(super) fn keep_apart(families: &mut [Family]) {
    let others = families.iter().filter(|it| it.kind != Kind::Counter);
    let others: HashSet<_> = others.map(|it| it.name.clone()).collect();
    for family in families {
        if family.kind == Kind::Counter && others.contains(&family.name) {
            family.name = format!("{}_total", family.name).into();
            family.kind = Kind::BareCounter;
        }
    }
}
