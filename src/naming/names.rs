//! Names that metrics and labels may have.

use crate::BuildError;

const RULE: &str = "it must begin with a letter, and have only letters, digits and underscores";

/// Whether a label may have that name.
pub(crate) fn check_label(name: &str) -> Result<(), BuildError> {
    let reason = match reserved(name) {
        Some(reason) => reason,
        None if is_name(name) => return Ok(()),
        None if name.is_empty() => String::from("it is empty"),
        None => with_suggestion(name),
    };
    Err(invalid_label(name, reason))
}

/// What Prometheus does with a label of its own.
fn reserved(name: &str) -> Option<String> {
    match name {
        "le" => Some(String::from(
            "Prometheus uses it for the bounds of buckets; write another name",
        )),
        // Queries by the old name then find nothing.
        "job" | "instance" => Some(format!(
            "Prometheus adds its own when it scrapes, and would rename this one to \"exported_{name}\"; leave it out, or write another name"
        )),
        _ => None,
    }
}

pub(crate) fn invalid_label(name: &str, reason: impl Into<String>) -> BuildError {
    BuildError::InvalidLabel {
        name: name.to_owned(),
        reason: reason.into(),
    }
}

/// Whether a label may have that name, and a metric's may begin with it. An underscore at the beginning would
/// be legal, but Prometheus keeps two of them for itself, and OpenTelemetry's translation puts `key` before one.
pub(crate) fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(word) && name.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// The rule, and the nearest name that follows it if there is one.
pub(crate) fn with_suggestion(name: &str) -> String {
    let legal = name.replace([' ', '-', '.', ':', '/'], "_");
    match legal.trim_matches('_') {
        near if is_name(near) && reserved(near).is_none() => format!("{RULE}; write {near:?}"),
        _ => String::from(RULE),
    }
}
