//! Names of what the builder was told.

use super::Mistakes;
use crate::{
    BuildError,
    naming::{Convention, check_label, invalid_label, is_name, with_suggestion},
};
use std::collections::BTreeSet;

pub(super) fn check_namespace(namespace: &str) -> Result<(), BuildError> {
    let reason = match namespace.strip_suffix('_') {
        _ if namespace.is_empty() => String::from("it is empty; leave `namespace` out"),
        Some(bare) if is_name(bare) => {
            format!(
                "an underscore is added after it; write {:?}",
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
