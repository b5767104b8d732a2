//! What `prometheus-client` writes for a registry: checked, and put into the format that was asked for.

#[cfg(feature = "protobuf")]
use super::transcode::Transcription;
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
) -> Result<Vec<u8>, ScrapeError> {
    let mut copy = match dialect {
        #[cfg(feature = "protobuf")]
        Dialect::Protobuf => Copy::Protobuf(Transcription::default()),
        Dialect::Classic | Dialect::OpenMetrics => Copy::Text(dialect, String::new()),
    };
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

        let unit = match lines.next_if(|line| line.starts_with("# UNIT ")) {
            Some(line) => Some(family.unit(line).ok_or_else(malformed)?),
            None => None,
        };
        copy.begin(family, help, unit);
        while let Some(line) = lines.next_if(|line| !line.starts_with("# HELP ")) {
            let sample = family.sample(line).ok_or_else(malformed)?;
            copy.add(&sample).ok_or_else(malformed)?;
        }
        copy.end().ok_or_else(malformed)?;
    }
    Ok(copy.finish())
}

/// What the text of a registry is copied into, family by family.
enum Copy {
    Text(Dialect, String),
    #[cfg(feature = "protobuf")]
    Protobuf(Transcription),
}

impl Copy {
    fn begin(&mut self, family: Family<'_>, help: &str, unit: Option<&str>) {
        match self {
            Self::Text(dialect, out) => family.copy_head(help, unit, *dialect, out),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(transcription) => transcription.begin(family, help, unit),
        }
    }

    /// `None` if the sample is none of that family.
    fn add(&mut self, sample: &Sample<'_>) -> Option<()> {
        match self {
            Self::Text(dialect, out) => {
                sample.copy(*dialect, out);
                Some(())
            }
            #[cfg(feature = "protobuf")]
            Self::Protobuf(transcription) => transcription.add(sample),
        }
    }

    /// `None` if a sample of the family is missing.
    fn end(&mut self) -> Option<()> {
        match self {
            Self::Text(..) => Some(()),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(transcription) => transcription.end(),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Text(_, out) => out.into_bytes(),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(transcription) => transcription.finish(),
        }
    }
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
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
}

impl<'a> Family<'a> {
    /// What the dialect adds to the name, and the type that it has for the family.
    pub(super) fn shown(self, dialect: Dialect) -> (&'static str, &'a str) {
        match (dialect, self.kind) {
            (Dialect::OpenMetrics, kind) => ("", kind),
            (_, "counter") => (dialect.counter_suffix(), "counter"),
            (_, "info") => ("_info", "gauge"),
            (_, "unknown") => ("", "untyped"),
            (_, kind) => ("", kind),
        }
    }

    fn copy_head(self, help: &str, unit: Option<&str>, dialect: Dialect, out: &mut String) {
        let Self { name, .. } = self;
        let (suffix, kind) = self.shown(dialect);
        out.push_str(&format!("# HELP {name}{suffix} "));
        copy_help(help, dialect, out);
        out.push_str(&format!("\n# TYPE {name}{suffix} {kind}\n"));
        if let (Some(unit), Dialect::OpenMetrics) = (unit, dialect) {
            out.push_str(&format!("# UNIT {name} {unit}\n"));
        }
    }

    /// What the line says; `None` if it is not of this family.
    fn unit(self, line: &'a str) -> Option<&'a str> {
        let rest = line.strip_prefix("# UNIT ")?.strip_prefix(self.name)?;
        rest.strip_prefix(' ')
    }

    /// The parts of a sample's line; `None` if it is none of this family.
    pub(super) fn sample(self, line: &'a str) -> Option<Sample<'a>> {
        let rest = line.strip_prefix(self.name)?;
        let suffix = &rest[..rest.find(['{', ' '])?];
        if !super::names::suffixes(self.kind).contains(&suffix) {
            return None;
        }
        let labels = match rest[suffix.len()..].starts_with('{') {
            true => labels_end(&rest[suffix.len()..])?,
            false => 0,
        };
        let (labels, values) = rest[suffix.len()..].split_at(labels);
        let values = values.strip_prefix(' ')?;
        // The labels are behind us, so this is the mark of an exemplar and not part of a label's value.
        let (value, exemplar) = match values.find(" # ") {
            Some(mark) => values.split_at(mark),
            None => (values, ""),
        };
        Some(Sample {
            name: self.name,
            suffix,
            labels,
            value,
            exemplar,
        })
    }
}

/// The length of the labels at the start of the text, braces included.
pub(super) fn labels_end(text: &str) -> Option<usize> {
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

pub(super) struct Sample<'a> {
    /// That of its family, and what it adds to that.
    name: &'a str,
    pub(super) suffix: &'a str,
    /// With the braces; empty if there are none.
    pub(super) labels: &'a str,
    pub(super) value: &'a str,
    /// With the mark before it; empty if there is none.
    pub(super) exemplar: &'a str,
}

impl Sample<'_> {
    fn copy(&self, dialect: Dialect, out: &mut String) {
        for part in [self.name, self.suffix, self.labels, " "] {
            out.push_str(part);
        }
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
