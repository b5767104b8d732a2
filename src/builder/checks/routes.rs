//! Route templates, in the syntax of axum 0.8.

use crate::{BuildError, label::UNMATCHED};

pub(super) fn check_skipped(routes: &[String]) -> Result<(), BuildError> {
    let templates = routes.iter().filter(|route| *route != UNMATCHED);
    check_each("skip", templates)
}

/// Templates that are matched, so that no two of them may overlap.
pub(super) fn check_declared(templates: &[String]) -> Result<(), BuildError> {
    check_each("routes", templates)?;
    let mut matcher = matchit::Router::new();
    for template in templates {
        if let Err(error) = matcher.insert(template, ()) {
            return Err(invalid("routes", template, error.to_string()));
        }
    }
    Ok(())
}

pub(super) fn check_streams(routes: &[String]) -> Result<(), BuildError> {
    if let Some(route) = routes.iter().find(|route| *route == UNMATCHED) {
        let reason = "it stands for requests without a route; write the template of the stream";
        return Err(invalid("streams", route, String::from(reason)));
    }
    check_each("streams", routes)
}

pub(super) fn check_services(services: &[String]) -> Result<(), BuildError> {
    let is_service = |name: &str| {
        let parts = || name.split('.');
        !name.contains(['/', '{', '}', ':'])
            && parts().all(|part| !part.is_empty() && is_tidy(part))
    };
    match services.iter().find(|name| !is_service(name)) {
        Some(service) => Err(BuildError::InvalidService {
            service: service.clone(),
        }),
        None => Ok(()),
    }
}

fn check_each<'a>(
    setting: &'static str,
    routes: impl IntoIterator<Item = &'a String>,
) -> Result<(), BuildError> {
    for route in routes {
        if let Some(reason) = fault(route) {
            return Err(invalid(setting, route, reason));
        }
    }
    Ok(())
}

fn invalid(setting: &'static str, route: &str, reason: String) -> BuildError {
    BuildError::InvalidRoute {
        setting,
        route: route.to_owned(),
        reason,
    }
}

/// Why a route can match no request, and what to write instead.
fn fault(route: &str) -> Option<String> {
    if !route.starts_with('/') {
        return Some(String::from("it does not begin with `/`"));
    }
    if !is_tidy(route) {
        return Some(format!(
            "there is white space around it; write {:?}",
            route.trim()
        ));
    }
    if route.contains(['?', '#']) {
        return Some(String::from(
            "no path has a `?` or a `#` in it; leave them out",
        ));
    }
    let braced = with_braces(route);
    if braced != route {
        return Some(format!(
            "parameters are in braces since axum 0.8; write {braced:?}"
        ));
    }
    let inserted = matchit::Router::new().insert(route, ());
    inserted.err().map(|error| error.to_string())
}

/// A route of axum 0.7, `/users/:id` or `/files/*path`, in today's syntax.
fn with_braces(route: &str) -> String {
    let last = route.matches('/').count();
    let segments = route.split('/').enumerate().map(|(index, segment)| {
        let name = segment.trim_start_matches([':', '*']);
        // Only the last one can be the rest of a path.
        match segment.bytes().next() {
            Some(b'*') if index == last => format!("{{*{}}}", or(name, "path")),
            Some(b':' | b'*') => format!("{{{}}}", or(name, "id")),
            _ => segment.to_owned(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A parameter's name, or one that will do.
fn or<'a>(name: &'a str, other: &'a str) -> &'a str {
    if name.is_empty() { other } else { name }
}

fn is_tidy(text: &str) -> bool {
    text.trim() == text
}
