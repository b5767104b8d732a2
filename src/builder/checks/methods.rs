//! The methods that are known.

use super::Mistakes;
use crate::{
    BuildError,
    label::{MAX_METHODS, Method, OTHER},
};
use std::env;

/// What the semantic conventions of OpenTelemetry read them from.
pub(super) const VARIABLE: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";

/// The methods that the environment lists, if it does.
pub(super) fn of_environment() -> Option<Vec<String>> {
    let listed = env::var(VARIABLE).ok()?;
    let listed = listed.split(',').map(|method| method.trim().to_owned());
    let listed: Vec<_> = listed.filter(|method| !method.is_empty()).collect();
    Some(listed).filter(|listed| !listed.is_empty())
}

/// `variable` is what of the environment lists them, if they are not the builder's.
pub(super) fn check(methods: &[String], variable: Option<&'static str>, mistakes: &mut Mistakes) {
    let extensions = methods.iter().filter(|method| !Method::is_standard(method));
    if methods.is_empty() {
        mistakes.add(BuildError::NoMethods);
    }
    if extensions.count() > MAX_METHODS {
        mistakes.add(BuildError::TooManyMethods { most: MAX_METHODS });
    }
    for (index, method) in methods.iter().enumerate() {
        if let Some(reason) = fault(method, &methods[..index]) {
            mistakes.add(BuildError::InvalidMethod {
                method: method.clone(),
                variable,
                reason,
            });
        }
    }
}

/// What is wrong with a method, and what to write instead.
fn fault(method: &str, before: &[String]) -> Option<String> {
    let upper = method.to_ascii_uppercase();
    if method == OTHER {
        return Some(String::from(
            "it stands for all methods that are not listed; leave it out",
        ));
    }
    if http::Method::from_bytes(method.as_bytes()).is_err() {
        return Some(String::from("it is not an HTTP token, as methods are"));
    }
    if method != upper && Method::is_standard(&upper) {
        return Some(format!("methods are case-sensitive; write {upper:?}"));
    }
    let is_listed = before.iter().any(|other| other == method);
    is_listed.then(|| String::from("it is listed twice"))
}
