//! Route templates, in the syntax of axum 0.8.

use super::Mistakes;
use crate::{
    Buckets, BuildError,
    label::{OVERFLOW, RouteSettings, UNMATCHED},
};
use std::collections::BTreeSet;

pub(super) fn check(routes: &RouteSettings, mistakes: &mut Mistakes) {
    let skipped = routes.skipped.iter().filter(|route| *route != UNMATCHED);
    check_each("skip", skipped, mistakes);
    check_streams(&routes.streams, mistakes);
    check_each("routes", &routes.templates, mistakes);
    let grouped = routes.groups.iter().map(|(route, _)| route);
    check_each("group", grouped.clone(), mistakes);
    check_groups(&routes.groups, mistakes);
    let declared = routes.templates.iter().map(|route| ("routes", route));
    // One that is declared may be in a group, too.
    let grouped = grouped.filter(|route| !routes.templates.contains(route));
    check_overlaps(
        declared.chain(grouped.map(|route| ("group", route))),
        mistakes,
    );
    for service in &routes.services {
        if !is_service(service) {
            let service = service.clone();
            mistakes.add(BuildError::InvalidService { service });
        }
    }
}

/// Routes with buckets of their own, by what their label shows: each has one set of them.
pub(super) fn check_bucketed(
    by_route: &[(Vec<String>, Buckets)],
    groups: &[(String, String)],
    mistakes: &mut Mistakes,
) {
    let routes = by_route.iter().flat_map(|(routes, _)| routes);
    let is_group = |route: &String| groups.iter().any(|(_, group)| group == route);
    let named = routes
        .clone()
        .filter(|route| *route != UNMATCHED && !is_group(route));
    check_each("buckets_for", named.clone(), mistakes);
    for route in named {
        if let Some((_, group)) = groups.iter().find(|(grouped, _)| grouped == route) {
            let reason = format!("it is counted under its group; write {group:?}");
            mistakes.add(invalid("buckets_for", route, reason));
        }
    }
    let mut seen = BTreeSet::new();
    for route in routes.filter(|route| !seen.insert(*route)) {
        let reason = String::from("it already has other buckets");
        mistakes.add(invalid("buckets_for", route, reason));
    }
}

fn check_groups(groups: &[(String, String)], mistakes: &mut Mistakes) {
    for (route, name) in groups {
        let reason = match name.as_str() {
            "" => "the name of its group is empty",
            UNMATCHED | OVERFLOW => "the name of its group stands for other requests",
            _ => continue,
        };
        mistakes.add(invalid("group", route, String::from(reason)));
    }
}

/// No two templates that are matched may match the same path.
fn check_overlaps<'a>(
    templates: impl Iterator<Item = (&'static str, &'a String)>,
    mistakes: &mut Mistakes,
) {
    let mut matcher = matchit::Router::new();
    for (setting, template) in templates.filter(|(_, template)| fault(template).is_none()) {
        if let Err(error) = matcher.insert(template, ()) {
            mistakes.add(invalid(setting, template, error.to_string()));
        }
    }
}

fn check_streams(routes: &[String], mistakes: &mut Mistakes) {
    if let Some(route) = routes.iter().find(|route| *route == UNMATCHED) {
        let reason = "it stands for requests without a route; write the template of the stream";
        mistakes.add(invalid("streams", route, String::from(reason)));
    }
    let named = routes.iter().filter(|route| *route != UNMATCHED);
    check_each("streams", named, mistakes);
}

pub(super) fn check_each<'a>(
    setting: &'static str,
    routes: impl IntoIterator<Item = &'a String>,
    mistakes: &mut Mistakes,
) {
    for route in routes {
        if let Some(reason) = fault(route) {
            mistakes.add(invalid(setting, route, reason));
        }
    }
}

fn invalid(setting: &'static str, route: &str, reason: String) -> BuildError {
    BuildError::InvalidRoute {
        setting,
        route: route.to_owned(),
        reason,
    }
}

fn is_service(name: &str) -> bool {
    let mut parts = name.split('.');
    !name.contains(['/', '{', '}', ':']) && parts.all(|part| !part.is_empty() && is_tidy(part))
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
