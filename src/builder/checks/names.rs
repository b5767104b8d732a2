//! Names that metrics and labels may have.

use super::Mistakes;
use crate::{BuildError, naming::Convention};
use std::collections::BTreeSet;

const RULE: &str = "it must begin with a letter, and have only letters, digits and underscores";

pub(super) fn check_namespace(namespace: &str) -> Result<(), BuildError> {
    let reason = match namespace.strip_suffix('_') {
        _ if namespace.is_empty() => String::from("it is empty; without `namespace` there is none"),
        Some(bare) if is_name(bare) => {
            format!(
                "an underscore is put after it; write {:?}",
                bare.trim_end_matches('_')
            )
        }
        _ if is_name(namespace) => return Ok(()),
        _ => with_suggestion(namespace),
    };
    Err(BuildError::InvalidNamespace {
        namespace: namespace.to_owned(),
        reason,
    })
}

/// Each label's name is legal, and there once. A mistake in a name that several series have is told once.
pub(super) fn check_labels(
    constant: &[(String, String)],
    convention: &Convention,
    mistakes: &mut Mistakes,
) {
    let constant = || constant.iter().map(|(name, _)| name.as_str());
    let mut told = BTreeSet::new();
    for name in constant().chain(convention.label_names()) {
        if let Err(mistake) = check_label(name) {
            if told.insert(name) {
                mistakes.add(mistake);
            }
        }
    }
    for series in &convention.series {
        let labels = series.labels.iter().map(|label| label.name.as_str());
        let mut names: Vec<&str> = constant().chain(labels).collect();
        names.sort_unstable();
        for same in names.windows(2).filter(|pair| pair[0] == pair[1]) {
            if told.insert(same[0]) {
                let reason = "another label has that name; give one of them another";
                mistakes.add(invalid_label(same[0], reason));
            }
        }
    }
}

fn check_label(name: &str) -> Result<(), BuildError> {
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
            "Prometheus keeps it for the bounds of buckets; write another name",
        )),
        // Queries by the old name then find nothing.
        "job" | "instance" => Some(format!(
            "Prometheus attaches its own when it scrapes, and would rename this one to \"exported_{name}\"; leave it out, or write another name"
        )),
        _ => None,
    }
}

fn invalid_label(name: &str, reason: impl Into<String>) -> BuildError {
    BuildError::InvalidLabel {
        name: name.to_owned(),
        reason: reason.into(),
    }
}

/// A scheme as RFC 3986 has it.
pub(super) fn check_scheme(scheme: &str) -> Result<(), BuildError> {
    if is_scheme(scheme) {
        return Ok(());
    }
    let rule = "it must begin with a letter, and have only letters, digits, `+`, `-` and `.`";
    let reason = match scheme.split_once(':') {
        Some((first, _)) if is_scheme(first) => format!("{rule}; write {first:?}"),
        _ => String::from(rule),
    };
    Err(BuildError::InvalidScheme {
        scheme: scheme.to_owned(),
        reason,
    })
}

pub(super) fn is_scheme(scheme: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.bytes().all(legal) && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Whether a label may have that name, and a metric's may begin with it. An underscore at the beginning would
/// be legal, but Prometheus keeps two of them for itself, and OpenTelemetry's translation puts `key` before one.
fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(word) && name.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// The rule, and the nearest name that follows it if there is one.
fn with_suggestion(name: &str) -> String {
    let legal = name.replace([' ', '-', '.', ':', '/'], "_");
    match legal.trim_matches('_') {
        near if is_name(near) && reserved(near).is_none() => format!("{RULE}; write {near:?}"),
        _ => String::from(RULE),
    }
}
