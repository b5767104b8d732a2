//! What `prometheus-client` writes for a registry: checked, and put into the format that was asked for.

use super::{error::ScrapeError, names::Names, text::Dialect};
use prometheus_client::{encoding::text::encode_registry, registry::Registry};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The text of a registry, as the library writes it.
pub(super) fn encode(registry: &Registry) -> Result<String, ScrapeError> {
    let encode = || {
        let mut text = String::new();
        encode_registry(&mut text, registry).map(|()| text)
    };
    // What a user's collector leaves behind when it panics is its own, and it is asked again next time.
    catch_unwind(AssertUnwindSafe(encode))
        .map_err(|_| ScrapeError::Panic)?
        .map_err(|_| ScrapeError::Encode)
}

/// Copies the text of a registry, in the dialect.
///
/// The library writes OpenMetrics without an end. It neither escapes help texts nor notices that a family
/// is there twice, and it spells infinity as OpenMetrics does not. What it writes of a family is one line each
/// of `HELP`, `TYPE` and, of some, `UNIT`, and the samples: anything else is what a line break made.
pub(super) fn copy(
    text: &str,
    dialect: Dialect,
    names: &mut Names,
    out: &mut String,
) -> Result<(), ScrapeError> {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").unwrap_or_default();
        let (name, help) = help.split_once(' ').unwrap_or((help, ""));
        let malformed = || ScrapeError::MalformedFamily {
            family: name.to_owned(),
        };

        let kind = lines
            .next()
            .and_then(|line| line.strip_prefix("# TYPE ")?.strip_prefix(name));
        let kind = kind
            .and_then(|kind| kind.strip_prefix(' '))
            .filter(|kind| KINDS.contains(kind));
        let family = Family {
            name,
            kind: kind.ok_or_else(malformed)?,
        };
        names.take(name, family.kind)?;
        family.copy_head(help, dialect, out);

        if let Some(unit) = lines.next_if(|line| line.starts_with("# UNIT ")) {
            let of = unit
                .strip_prefix("# UNIT ")
                .and_then(|unit| unit.strip_prefix(name));
            if !of.is_some_and(|unit| unit.starts_with(' ')) {
                return Err(malformed());
            }
            if dialect == Dialect::OpenMetrics {
                out.push_str(unit);
                out.push('\n');
            }
        }
        while let Some(line) = lines.next_if(|line| !line.starts_with("# HELP ")) {
            family
                .sample(line)
                .ok_or_else(malformed)?
                .copy(dialect, out);
        }
    }
    Ok(())
}

/// The types that the library has.
const KINDS: [&str; 5] = ["counter", "gauge", "histogram", "info", "unknown"];

/// The names of the families in the text of a registry.
pub(super) fn families(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
}

/// The family that lines belong to.
#[derive(Clone, Copy)]
struct Family<'a> {
    name: &'a str,
    kind: &'a str,
}

impl<'a> Family<'a> {
    fn copy_head(self, help: &str, dialect: Dialect, out: &mut String) {
        let (suffix, kind) = match (dialect, self.kind) {
            (Dialect::OpenMetrics, kind) => ("", kind),
            (Dialect::Classic, "counter") => (dialect.counter_suffix(), "counter"),
            (Dialect::Classic, "info") => ("_info", "gauge"),
            (Dialect::Classic, "unknown") => ("", "untyped"),
            (Dialect::Classic, kind) => ("", kind),
        };
        out.push_str(&format!("# HELP {}{suffix} ", self.name));
        copy_help(help, dialect, out);
        out.push_str(&format!("\n# TYPE {}{suffix} {kind}\n", self.name));
    }

    /// The parts of a sample's line; `None` if it is none of this family.
    fn sample(self, line: &'a str) -> Option<Sample<'a>> {
        let rest = line.strip_prefix(self.name)?;
        let suffix = &rest[..rest.find(['{', ' '])?];
        if !super::names::suffixes(self.kind).contains(&suffix) {
            return None;
        }
        let labels = match rest[suffix.len()..].starts_with('{') {
            true => labels_end(&rest[suffix.len()..])?,
            false => 0,
        };
        let series = self.name.len() + suffix.len() + labels;
        let values = line[series..].strip_prefix(' ')?;
        // The labels are behind us, so this is the mark of an exemplar and not part of a label's value.
        let (value, exemplar) = match values.find(" # ") {
            Some(mark) => values.split_at(mark),
            None => (values, ""),
        };
        Some(Sample {
            series: &line[..series],
            value,
            exemplar,
        })
    }
}

/// The length of the labels at the start of the text, braces included.
fn labels_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        if escaped {
            escaped = false;
        } else {
            match byte {
                b'\\' => escaped = quoted,
                b'"' => quoted = !quoted,
                b'}' => return !quoted,
                _ => {}
            }
        }
        false
    })?;
    Some(end + 1)
}

struct Sample<'a> {
    series: &'a str,
    value: &'a str,
    /// With the mark before it.
    exemplar: &'a str,
}

impl Sample<'_> {
    fn copy(self, dialect: Dialect, out: &mut String) {
        out.push_str(self.series);
        out.push(' ');
        out.push_str(match self.value {
            "inf" => "+Inf",
            "-inf" => "-Inf",
            value => value,
        });
        if dialect == Dialect::OpenMetrics {
            out.push_str(self.exemplar);
        }
        out.push('\n');
    }
}

/// Escapes what the format wants escaped in a help text.
fn copy_help(help: &str, dialect: Dialect, out: &mut String) {
    let mut rest = help;
    while let Some(at) = rest.find(['\\', '"']) {
        let (before, special) = rest.split_at(at);
        let (special, after) = special.split_at(1);
        out.push_str(before);
        if special == "\\" || dialect == Dialect::OpenMetrics {
            out.push('\\');
        }
        out.push_str(special);
        rest = after;
    }
    out.push_str(rest);
}
