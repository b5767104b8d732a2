use crate::store::Table;
use http::Extensions;
use std::sync::{Mutex, PoisonError};

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

/// The routes seen so far. Templates come from the program, so there are as many as it has.
pub(crate) struct Routes {
    seen: Table<Route>,
    // By id.
    names: Mutex<Vec<&'static str>>,
    unmatched: Option<RouteId>,
}

#[derive(Debug)]
struct Route {
    hash: u64,
    name: &'static str,
    /// `None`: skipped.
    id: Option<RouteId>,
}

impl Routes {
    pub(crate) fn new<'a>(skipped: impl IntoIterator<Item = &'a str>) -> Self {
        let mut routes = Self {
            seen: Table::new(),
            names: Mutex::new(vec![UNMATCHED]),
            unmatched: Some(RouteId::NONE),
        };
        for name in skipped {
            if name == UNMATCHED {
                routes.unmatched = None;
            } else {
                routes.add(name, |_| None);
            }
        }
        // A template of that name is no route of its own: it would make the same series twice.
        let unmatched = routes.unmatched;
        routes.add(UNMATCHED, |_| unmatched);
        routes
    }

    /// The route of a request, as far as it is known before the inner service runs; `None` if skipped.
    pub(crate) fn of_request(&self, extensions: &Extensions) -> Option<RouteId> {
        if let Some(template) = extensions.get::<RouteTemplate>() {
            return self.id(template.as_str());
        }
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
            return self.id(path.as_str());
        }
        self.unmatched
    }

    /// The route that a response overrules its request's with. What is skipped was decided before.
    pub(crate) fn of_response(&self, extensions: &Extensions) -> Option<RouteId> {
        let template = extensions.get::<RouteTemplate>()?;
        self.id(template.as_str())
    }

    /// The names by id.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.lock_names().clone()
    }

    fn id(&self, name: &str) -> Option<RouteId> {
        let hash = hash(name);
        match self.seen.find(hash, |route| route.is(hash, name)) {
            Some(route) => route.id,
            None => self.add(name, |number| Some(RouteId(number))),
        }
    }

    #[cold]
    fn add(&self, name: &str, id: impl FnOnce(u32) -> Option<RouteId>) -> Option<RouteId> {
        let hash = hash(name);
        let make = || {
            let name: &'static str = Box::leak(Box::from(name));
            let mut names = self.lock_names();
            let id = u32::try_from(names.len()).ok().and_then(id);
            if id.is_some_and(|id| id != RouteId::NONE) {
                names.push(name);
            }
            Route { hash, name, id }
        };
        let route = self
            .seen
            .find_or_insert(hash, |route| route.is(hash, name), make);
        route.map_or(Some(RouteId::NONE), |route| route.id)
    }

    fn lock_names(&self) -> std::sync::MutexGuard<'_, Vec<&'static str>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Route {
    fn is(&self, hash: u64, name: &str) -> bool {
        // A call to compare strings costs more than all the rest, so it is worth not to make it in vain.
        self.hash == hash && self.name == name
    }
}

/// Eight bytes at a step: templates are short, and their authors mean no harm.
fn hash(name: &str) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: [u8; 8]| {
        (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(FACTOR)
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
    mix(hash, last).wrapping_mul(FACTOR)
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
    fn skipped_routes_have_no_id() {
        let routes = Routes::new(["/healthz", "_unmatched"]);
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
