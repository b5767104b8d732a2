use super::{
    OTHER,
    calls::{Calls, Start},
    grpc,
    peer::Peers,
};
use crate::store::{HASH_FACTOR, Table, lock};
use http::{Extensions, Request};
use std::sync::{Mutex, MutexGuard};

/// Stands for the route of a request that matched none.
pub(crate) const UNMATCHED: &str = "_unmatched";
/// Stands for the routes of label sets past the budget.
const OVERFLOW: &str = "_overflow";

/// The route template of a request, where no router says it or another one is wanted.
///
/// Put into a *request's* extensions by a layer outside of [`MetricsLayer`](crate::MetricsLayer), it comes
/// before what the router says; of outgoing requests, it is the only thing that says it. Put into a
/// *response's* extensions, by a handler or a layer inside, it overrules both, except for the in-flight
/// gauge, which counts from the start.
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

/// A route that was seen, or none; of a client, with the peer that it is a route of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RouteId(u32);

/// The lower bits are the route's index. The two above the peer's are free.
const INDEX_BITS: u32 = 24;
const PEER_BITS: u32 = 6;
/// How many peers can be told apart, beside none and any other.
pub(crate) const MOST_PEERS: usize = (1 << PEER_BITS) - 2;

impl RouteId {
    pub(crate) const NONE: Self = Self(0);
    const OVERFLOW: Self = Self(1);

    pub(crate) fn from_number(number: u32) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// The index of its name.
    pub(crate) fn index(self) -> usize {
        self.0 as usize & ((1 << INDEX_BITS) - 1)
    }

    /// 0 if peers are not told apart.
    pub(crate) fn peer(self) -> u8 {
        (self.0 >> INDEX_BITS) as u8
    }

    /// The same route of that peer.
    fn of_peer(self, peer: u8) -> Self {
        Self(self.index() as u32 | u32::from(peer) << INDEX_BITS)
    }

    /// No route of that peer.
    pub(crate) fn any(self) -> Self {
        Self::NONE.of_peer(self.peer())
    }

    /// What it is counted under past the budget.
    pub(crate) fn overflow(self) -> Self {
        Self::OVERFLOW.of_peer(self.peer())
    }

    pub(crate) fn is_overflow(self) -> bool {
        self.index() == Self::OVERFLOW.index()
    }
}

/// A route that was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    id: RouteId,
    skipped: bool,
}

impl Route {
    /// What its requests are counted under; `None` if they are not counted.
    pub(crate) fn counted(self) -> Option<RouteId> {
        (!self.skipped).then_some(self.id)
    }
}

/// Which routes there are, as far as the builder was told.
#[derive(Debug, Default)]
pub(crate) struct RouteSettings {
    pub(crate) skipped: Vec<String>,
    /// Templates that requests are matched with where no router says theirs.
    pub(crate) templates: Vec<String>,
    /// gRPC services.
    pub(crate) services: Vec<String>,
    /// Their methods that are not proven are no routes, and not one for each service.
    pub(crate) unnamed_methods: bool,
    /// Outgoing requests: only a [`RouteTemplate`] names a route.
    pub(crate) client: bool,
    pub(crate) peers: Peers,
}

/// The routes seen so far. Templates come from the program, so there are as many as it has.
pub(crate) struct Routes {
    seen: Table<Named>,
    /// By id.
    names: Mutex<Vec<&'static str>>,
    unmatched: Route,
    declared: Option<Box<matchit::Router<Route>>>,
    /// The paths of gRPC calls that are routes: declared, or proven by a call that was OK.
    proven: Table<Named>,
    services: Vec<Service>,
    calls: Calls,
    client: bool,
    peers: Peers,
    #[cfg(feature = "axum")]
    paths: super::path::Paths,
}

#[derive(Debug)]
struct Named {
    hash: u64,
    name: &'static str,
    route: Route,
}

/// A declared gRPC service, and the route of its methods that are not proven.
#[derive(Debug)]
struct Service {
    name: String,
    other: Route,
}

/// The route of a gRPC call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallRoute {
    /// Where it starts, and what it may yet prove.
    pub(crate) start: Start,
    /// What the gauge counts it under.
    pub(crate) gauge: RouteId,
    /// Its route if the response turns out not to be gRPC.
    pub(crate) plain: RouteId,
}

impl CallRoute {
    /// Of a route that is known; `None` if skipped.
    fn of(route: Route) -> Option<Self> {
        let id = route.counted()?;
        Some(Self {
            start: Start::of(id),
            gauge: id,
            plain: id,
        })
    }
}

impl Routes {
    pub(crate) fn new(settings: RouteSettings) -> Self {
        let mut routes = Self {
            seen: Table::new(),
            names: Mutex::default(),
            unmatched: Route {
                id: RouteId::NONE,
                skipped: settings.skipped.iter().any(|name| name == UNMATCHED),
            },
            declared: None,
            proven: Table::new(),
            services: Vec::new(),
            calls: Calls::default(),
            client: settings.client,
            peers: settings.peers,
            #[cfg(feature = "axum")]
            paths: super::path::Paths::new(),
        };
        // The first ones, and so of ids 0 and 1. A template of that name is no other route: it would make
        // the same series twice.
        routes.add(UNMATCHED, routes.unmatched.skipped);
        routes.add(OVERFLOW, false);
        for name in &settings.skipped {
            routes.add(name, true);
        }
        for service in settings.services {
            let other = match settings.unnamed_methods {
                true => routes.unmatched,
                false => routes.route(&format!("/{service}/{OTHER}")),
            };
            routes.services.push(Service {
                name: service,
                other,
            });
        }
        // What has no parameters may be the path of a gRPC call, and then needs no proof.
        let exact = |name: &&String| grpc::service(name).is_some() && !name.contains('{');
        let names = settings.skipped.iter().chain(&settings.templates);
        for name in names.filter(exact) {
            routes.prove(name);
        }
        if !settings.templates.is_empty() {
            routes.declared = Some(Box::new(routes.matcher(&settings.templates)));
        }
        routes
    }

    /// The templates were checked by the builder, so that each can be inserted.
    fn matcher(&self, templates: &[String]) -> matchit::Router<Route> {
        let mut matcher = matchit::Router::new();
        for template in templates {
            let inserted = matcher.insert(template, self.route(template));
            debug_assert!(inserted.is_ok(), "{template:?} was checked");
        }
        matcher
    }

    /// The route of a request, as far as it is known before the inner service runs.
    pub(crate) fn of_request<B>(&self, request: &Request<B>) -> Route {
        if let Some(template) = request.extensions().get::<RouteTemplate>() {
            let route = self.route(template.as_str());
            return if self.client {
                self.of_peer(route, request)
            } else {
                route
            };
        }
        if self.client {
            return self.of_peer(self.unmatched, request);
        }
        #[cfg(feature = "axum")]
        if let Some(path) = request.extensions().get() {
            return self.paths.get(path, |name| self.route(name));
        }
        self.declared(request.uri().path())
    }

    #[inline(never)]
    fn declared(&self, path: &str) -> Route {
        let Some(declared) = &self.declared else {
            return self.unmatched;
        };
        declared
            .at(path)
            .map_or(self.unmatched, |found| *found.value)
    }

    fn of_peer<B>(&self, route: Route, request: &Request<B>) -> Route {
        let id = route.id.of_peer(self.peers.of(request));
        Route { id, ..route }
    }

    /// The route of a request that says it is a gRPC call, and that otherwise has that one; `None` if skipped.
    pub(crate) fn of_call<B>(&self, request: &Request<B>, plain: Route) -> Option<CallRoute> {
        if self.client || request.extensions().get::<RouteTemplate>().is_some() {
            return CallRoute::of(plain);
        }
        // Nor can a header bring back what is skipped.
        if plain.skipped && plain.id != RouteId::NONE {
            return None;
        }
        let path = request.uri().path();
        let call = match self.proven(path) {
            Some(route) => CallRoute::of(route)?,
            None => self.unproven(path)?,
        };
        let plain = plain.counted().unwrap_or(call.gauge);
        Some(CallRoute { plain, ..call })
    }

    fn proven(&self, path: &str) -> Option<Route> {
        let hash = hash(path);
        let known = self.proven.find(hash, |known| known.is(hash, path));
        known.map(|known| known.route)
    }

    #[cold]
    fn unproven(&self, path: &str) -> Option<CallRoute> {
        let Some(service) = grpc::service(path) else {
            return CallRoute::of(self.unmatched);
        };
        let declared = self.services.iter().find(|known| known.name == service);
        let route = declared.map_or(self.unmatched, |known| known.other);
        let gauge = route.counted()?;
        Some(CallRoute {
            start: self.calls.keep(path, gauge),
            gauge,
            plain: gauge,
        })
    }

    /// A call to that path was OK, so that it is a route from now on.
    pub(crate) fn prove(&self, path: &str) -> RouteId {
        let hash = hash(path);
        let make = || {
            let route = self.route(path);
            let names = self.lock_names();
            Named {
                hash,
                name: names.get(route.id.index()).copied().unwrap_or_default(),
                route,
            }
        };
        let known = self
            .proven
            .find_or_insert(hash, |known| known.is(hash, path), make);
        known.map_or(self.unmatched, |known| known.route).id
    }

    /// Whether it stands for paths that nobody declared or proved.
    pub(crate) fn is_unproven(&self, route: RouteId) -> bool {
        let other = |service: &Service| service.other.id == route;
        route.index() == RouteId::NONE.index() || self.services.iter().any(other)
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The route that a response overrules its request's with. What is skipped was decided before.
    pub(crate) fn of_response(&self, extensions: &Extensions, request: RouteId) -> Option<RouteId> {
        let template = extensions.get::<RouteTemplate>()?;
        Some(self.route(template.as_str()).id.of_peer(request.peer()))
    }

    /// The names by id.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.lock_names().clone()
    }

    /// The names of peers by their index.
    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
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
        let mut names = self.lock_names();
        // Nobody has that many.
        if names.len() >> INDEX_BITS != 0 {
            return self.unmatched;
        }
        let make = || {
            let name: &'static str = Box::leak(Box::from(name));
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

    fn request(template: &'static str) -> Request<()> {
        let request = Request::get("/").extension(RouteTemplate::new(template));
        request.body(()).unwrap()
    }

    fn of_request(routes: &Routes, request: &Request<()>) -> Option<RouteId> {
        routes.of_request(request).counted()
    }

    fn of_response(routes: &Routes, template: &'static str) -> Option<RouteId> {
        routes.of_response(request(template).extensions(), RouteId::NONE)
    }

    fn skipping(names: &[&str]) -> Routes {
        Routes::new(RouteSettings {
            skipped: names.iter().map(ToString::to_string).collect(),
            ..RouteSettings::default()
        })
    }

    #[test]
    fn a_route_has_one_id_however_often_it_is_seen() {
        let routes = skipping(&[]);
        let first = of_request(&routes, &request("/users/{id}"));
        let other = of_request(&routes, &request("/users/{idx}"));
        assert_eq!(of_request(&routes, &request("/users/{id}")), first);
        assert_ne!(first, other);
        assert_eq!(
            routes.names(),
            ["_unmatched", "_overflow", "/users/{id}", "/users/{idx}"]
        );
    }

    #[test]
    fn no_route_and_the_template_of_that_name_are_the_same() {
        let routes = skipping(&[]);
        assert_eq!(of_request(&routes, &Request::new(())), Some(RouteId::NONE));
        assert_eq!(
            of_request(&routes, &request("_unmatched")),
            Some(RouteId::NONE)
        );
        assert_eq!(routes.names(), ["_unmatched", "_overflow"]);
    }

    #[test]
    fn skipped_routes_are_not_counted_unless_a_response_names_them() {
        let routes = skipping(&["/healthz", "_unmatched"]);
        assert!(of_response(&routes, "/healthz").is_some());
        assert_eq!(of_response(&routes, "_unmatched"), Some(RouteId::NONE));
        assert_eq!(of_request(&routes, &request("/healthz")), None);
        assert_eq!(of_request(&routes, &request("_unmatched")), None);
        assert_eq!(of_request(&routes, &Request::new(())), None);
        assert!(of_request(&routes, &request("/healthz/")).is_some());
    }

    #[test]
    fn names_of_any_length_are_told_apart() {
        let mut hashes: Vec<u64> = (0..200).map(|n| hash(&"/".repeat(n))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200);
    }
}
