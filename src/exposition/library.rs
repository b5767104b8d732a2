//! What `prometheus-client` writes for a registry: checked, and put into the format that was asked for.

use super::{chunks::Chunks, error::ScrapeError, names::Names, text::Dialect};

/// Copies the text of a registry, in the dialect.
///
/// The library writes OpenMetrics without an end. It neither escapes help texts nor notices that a family
/// is there twice, and it spells infinity as OpenMetrics does not.
pub(super) fn copy(
    text: &str,
    dialect: Dialect,
    names: &mut Names,
    out: &mut Chunks,
) -> Result<(), ScrapeError> {
    let mut help = None;
    let mut family = Family { name: "", kind: "" };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = Some(rest.split_once(' ').unwrap_or((rest, "")));
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            family = Family { name, kind };
            names.take(name, kind)?;
            let (_, help) = help.take().unwrap_or((name, ""));
            family.copy_head(help, dialect, out);
        } else if line.starts_with("# UNIT ") {
            if dialect == Dialect::OpenMetrics {
                out.push(line);
                out.push("\n");
            }
        } else {
            // A help text goes on in the line below if it has a line break.
            let culprit = help.map_or(family.name, |(name, _)| name);
            let sample = if help.is_none() {
                family.sample(line)
            } else {
                None
            };
            let Some(sample) = sample else {
                return Err(ScrapeError::Malformed {
                    family: culprit.to_owned(),
                });
            };
            sample.copy(dialect, out);
        }
        out.split();
    }
    Ok(())
}

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
    fn copy_head(self, help: &str, dialect: Dialect, out: &mut Chunks) {
        let (suffix, kind) = match (dialect, self.kind) {
            (Dialect::OpenMetrics, kind) => ("", kind),
            (Dialect::Classic, "counter") => (dialect.counter_suffix(), "counter"),
            (Dialect::Classic, "info") => ("_info", "gauge"),
            (Dialect::Classic, "stateset") => ("", "gauge"),
            (Dialect::Classic, "unknown" | "gaugehistogram") => ("", "untyped"),
            (Dialect::Classic, kind) => ("", kind),
        };
        out.push(&format!("# HELP {}{suffix} ", self.name));
        copy_help(help, dialect, out);
        out.push(&format!("\n# TYPE {}{suffix} {kind}\n", self.name));
    }

    /// The parts of a sample's line; `None` if it is none of this family.
    fn sample(self, line: &'a str) -> Option<Sample<'a>> {
        let rest = line.strip_prefix(self.name)?;
        let suffix = &rest[..rest.find(['{', ' '])?];
        if self.name.is_empty() || !super::names::suffixes(self.kind).contains(&suffix) {
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
    fn copy(self, dialect: Dialect, out: &mut Chunks) {
        out.push(self.series);
        out.push(" ");
        out.push(match self.value {
            "inf" => "+Inf",
            "-inf" => "-Inf",
            value => value,
        });
        if dialect == Dialect::OpenMetrics {
            out.push(self.exemplar);
        }
        out.push("\n");
    }
}

/// Escapes what the format wants escaped in a help text.
fn copy_help(help: &str, dialect: Dialect, out: &mut Chunks) {
    let mut rest = help;
    while let Some(at) = rest.find(['\\', '"']) {
        let (before, special) = rest.split_at(at);
        let (special, after) = special.split_at(1);
        out.push(before);
        if special == "\\" || dialect == Dialect::OpenMetrics {
            out.push("\\");
        }
        out.push(special);
        rest = after;
    }
    out.push(rest);
}
