use crate::store::{HASH_FACTOR, Table, lock};
use http::Extensions;
use std::sync::{Mutex, MutexGuard};

/// Stands for the route of a request that matched none.
pub(crate) const UNMATCHED: &str = "_unmatched";

/// The route template of a request, where no router says it or another one is wanted.
///
/// Put into a *request's* extensions by a layer outside of [`MetricsLayer`](crate::MetricsLayer), it comes
/// before what the router says. Put into a *response's* extensions, by a handler or a layer inside, it
/// overrules both, except for the in-flight gauge, which counts from the start.
///
/// It is a `&'static str`, since a label's value has to come from the program and not from a client. By
/// convention it begins with `/` and writes parameters as axum does: `/users/{id}`.
///
/// ```
/// use tower_red::RouteTemplate;
///
/// const FILE: RouteTemplate = RouteTemplate::new("/files/{*path}");
///
/// let response = http::Response::builder().extension(FILE).body(String::new())?;
/// assert_eq!(response.extensions().get(), Some(&FILE));
/// assert_eq!(FILE.as_str(), "/files/{*path}");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteTemplate(&'static str);

impl RouteTemplate {
    /// The template, as it will be the label's value.
    #[must_use]
    pub const fn new(template: &'static str) -> Self {
        Self(template)
    }

    /// The template.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A route that was seen, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RouteId(u32);

impl RouteId {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn from_number(number: u32) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// A route that was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    id: RouteId,
    skipped: bool,
}

impl Route {
    /// What its requests are counted under; `None` if they are not counted.
    fn counted(self) -> Option<RouteId> {
        (!self.skipped).then_some(self.id)
    }
}

/// The routes seen so far. Templates come from the program, so there are as many as it has.
pub(crate) struct Routes {
    seen: Table<Named>,
    /// By id.
    names: Mutex<Vec<&'static str>>,
    unmatched: Route,
    #[cfg(feature = "axum")]
    paths: super::path::Paths,
}

#[derive(Debug)]
struct Named {
    hash: u64,
    name: &'static str,
    route: Route,
}

impl Routes {
    pub(crate) fn new<'a>(skipped: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let routes = Self {
            seen: Table::new(),
            names: Mutex::default(),
            unmatched: Route {
                id: RouteId::NONE,
                skipped: skipped.clone().into_iter().any(|name| name == UNMATCHED),
            },
            #[cfg(feature = "axum")]
            paths: super::path::Paths::new(),
        };
        // The first one, and so of id 0. A template of that name is no other route: it would make the same
        // series twice.
        routes.add(UNMATCHED, routes.unmatched.skipped);
        for name in skipped {
            routes.add(name, true);
        }
        routes
    }

    /// The route of a request, as far as it is known before the inner service runs; `None` if skipped.
    pub(crate) fn of_request(&self, extensions: &Extensions) -> Option<RouteId> {
        if let Some(template) = extensions.get::<RouteTemplate>() {
            return self.route(template.as_str()).counted();
        }
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get() {
            return self.paths.get(path, |name| self.route(name)).counted();
        }
        self.unmatched.counted()
    }

    /// The route that a response overrules its request's with. What is skipped was decided before.
    pub(crate) fn of_response(&self, extensions: &Extensions) -> Option<RouteId> {
        let template = extensions.get::<RouteTemplate>()?;
        Some(self.route(template.as_str()).id)
    }

    /// The names by id.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.lock_names().clone()
    }

    fn route(&self, name: &str) -> Route {
        let hash = hash(name);
        match self.seen.find(hash, |known| known.is(hash, name)) {
            Some(known) => known.route,
            None => self.add(name, false),
        }
    }

    #[cold]
    fn add(&self, name: &str, skipped: bool) -> Route {
        let hash = hash(name);
        let make = || {
            let name: &'static str = Box::leak(Box::from(name));
            let mut names = self.lock_names();
            let id = RouteId(names.len() as u32);
            names.push(name);
            Named {
                hash,
                name,
                route: Route { id, skipped },
            }
        };
        let known = self
            .seen
            .find_or_insert(hash, |known| known.is(hash, name), make);
        known.map_or(self.unmatched, |known| known.route)
    }

    fn lock_names(&self) -> MutexGuard<'_, Vec<&'static str>> {
        lock(&self.names)
    }
}

impl Named {
    fn is(&self, hash: u64, name: &str) -> bool {
        // A call to compare strings costs more than all the rest, so it is worth not to make it in vain.
        self.hash == hash && self.name == name
    }
}

/// Eight bytes at a step: templates are short, and their authors mean no harm.
fn hash(name: &str) -> u64 {
    let mix = |hash: u64, word: [u8; 8]| {
        (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(HASH_FACTOR)
            .rotate_left(29)
    };
    let bytes = name.as_bytes();
    let mut hash = bytes.len() as u64;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        hash = mix(hash, *word);
        rest = after;
    }
    // What is left over: with some of the bytes before it, if there are any.
    let last = bytes.last_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        word
    });
    mix(hash, last).wrapping_mul(HASH_FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(template: &'static str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(RouteTemplate::new(template));
        extensions
    }

    #[test]
    fn a_route_has_one_id_however_often_it_is_seen() {
        let routes = Routes::new([]);
        let first = routes.of_request(&request("/users/{id}"));
        let other = routes.of_request(&request("/users/{idx}"));
        assert_eq!(routes.of_request(&request("/users/{id}")), first);
        assert_ne!(first, other);
        assert_eq!(
            routes.names(),
            ["_unmatched", "/users/{id}", "/users/{idx}"]
        );
    }

    #[test]
    fn no_route_and_the_template_of_that_name_are_the_same() {
        let routes = Routes::new([]);
        assert_eq!(routes.of_request(&Extensions::new()), Some(RouteId::NONE));
        assert_eq!(
            routes.of_request(&request("_unmatched")),
            Some(RouteId::NONE)
        );
        assert_eq!(routes.names(), ["_unmatched"]);
    }

    #[test]
    fn skipped_routes_are_not_counted_unless_a_response_names_them() {
        let routes = Routes::new(["/healthz", "_unmatched"]);
        assert!(routes.of_response(&request("/healthz")).is_some());
        assert_eq!(
            routes.of_response(&request("_unmatched")),
            Some(RouteId::NONE)
        );
        assert_eq!(routes.of_request(&request("/healthz")), None);
        assert_eq!(routes.of_request(&request("_unmatched")), None);
        assert_eq!(routes.of_request(&Extensions::new()), None);
        assert!(routes.of_request(&request("/healthz/")).is_some());
    }

    #[test]
    fn names_of_any_length_are_told_apart() {
        let mut hashes: Vec<u64> = (0..200).map(|n| hash(&"/".repeat(n))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200);
    }
}
