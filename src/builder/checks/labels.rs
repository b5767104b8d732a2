//! The values of the user's labels. Their names are checked with those of all labels.

use super::Mistakes;
use crate::{
    BuildError,
    label::{OTHER, OVERFLOW, UserLabel, UserLabels},
};
use std::collections::BTreeSet;

pub(super) fn check(labels: &[UserLabel], mistakes: &mut Mistakes) {
    for label in labels {
        if label.most == 0 {
            let label = label.name.clone();
            mistakes.add(BuildError::NoLabelValues { label });
        }
        let mut seen = BTreeSet::new();
        for value in label.listed.iter().flatten() {
            if let Some(reason) = fault(value, seen.insert(value)) {
                mistakes.add(BuildError::InvalidLabelValue {
                    label: label.name.clone(),
                    value: value.clone(),
                    reason,
                });
            }
        }
    }
    if !UserLabels::can_hold(labels) {
        mistakes.add(BuildError::TooManyLabelValues);
    }
}

/// What is wrong with a listed value.
fn fault(value: &str, is_new: bool) -> Option<&'static str> {
    match value {
        "" => Some("to Prometheus, an empty label is no label; let the function return `None`"),
        OTHER => Some("it stands for all values that are not listed; leave it out"),
        OVERFLOW => Some("it stands for all values past the budget; leave it out"),
        _ if !is_new => Some("it is listed twice"),
        _ => None,
    }
}
