use super::{
    LabelSet, Methods, OTHER, OVERFLOW, Peers, Route, RouteSettings, RouteTemplate, UNMATCHED,
    UserLabels, UserValues,
    names::Names,
    service::{Service, service_of},
    set::{LabelSets, Labelled, UNMATCHED_ROUTE},
};
use crate::sync::List;
use http::{Extensions, Request};

/// The routes that were seen so far. Templates come from the program, so their number is bounded.
pub(crate) struct Routes {
    seen: Names<Route>,
    /// The names of routes, by their number.
    names: List<&'static str>,
    sets: LabelSets,
    pub(super) unmatched: Route,
    declared: Option<Box<matchit::Router<Route>>>,
    /// The paths of gRPC calls that are routes, because they were declared, or proven by a call that was OK.
    pub(super) proven: Names<Route>,
    pub(super) services: Vec<Service>,
    pub(super) client: bool,
    peers: Peers,
    methods: Methods,
    /// Routes, and the group that each is counted under.
    groups: Vec<(String, String)>,
    user_labels: UserLabels,
    #[cfg(feature = "axum")]
    paths: super::matched_path::MatchedPaths,
}

impl Routes {
    pub(crate) fn new(settings: RouteSettings) -> Self {
        let RouteSettings {
            skipped,
            streams,
            templates,
            services,
            unnamed_methods,
            client,
            peers,
            methods,
            groups,
            labels,
            max_label_sets,
        } = settings;
        let user_labels = UserLabels::new(labels);
        let combinations = user_labels.combinations(max_label_sets);
        let sets = LabelSets::new(combinations);
        let is = |names: &[String], name: &str| names.iter().any(|other| other == name);
        let unmatched = Route {
            labels: sets.intern(UNMATCHED_ROUTE, 0),
            skipped: is(&skipped, UNMATCHED),
            stream: false,
            number: UNMATCHED_ROUTE,
        };
        let mut routes = Self {
            seen: Names::new(),
            names: List::new(),
            sets,
            unmatched,
            declared: None,
            proven: Names::new(),
            services: Vec::new(),
            client,
            peers: Peers::new(peers),
            methods: Methods::new(methods),
            groups,
            user_labels,
            #[cfg(feature = "axum")]
            paths: super::matched_path::MatchedPaths::new(),
        };
        // Added first, so that their numbers are 0 and 1. A template of the same name is the same route.
        routes.add(UNMATCHED, unmatched.skipped, unmatched.stream);
        routes.add(OVERFLOW, false, false);
        for name in skipped.iter().chain(&streams) {
            routes.add(name, is(&skipped, name), is(&streams, name));
        }
        for name in services {
            let other = match unnamed_methods {
                true => routes.unmatched,
                false => routes.route(&format!("/{name}/{OTHER}")),
            };
            routes.services.push(Service { name, other });
        }
        // A declared route without parameters may be the path of a gRPC method, and then needs no proof.
        let exact = |name: &&String| service_of(name).is_some() && !name.contains('{');
        let names = skipped.iter().chain(&streams).chain(&templates);
        for name in names.filter(exact) {
            routes.prove(name);
        }
        let grouped: Vec<_> = routes
            .groups
            .iter()
            .map(|(route, _)| route.clone())
            .collect();
        let declared = templates.iter().chain(&streams);
        routes.declared = routes.matcher(declared.chain(&grouped));
        routes
    }

    /// The builder has checked that all templates can be inserted. Inserting fails for a stream that is declared as
    /// a route too: it is there already.
    fn matcher<'a>(
        &self,
        templates: impl Iterator<Item = &'a String>,
    ) -> Option<Box<matchit::Router<Route>>> {
        let mut templates = templates.peekable();
        templates.peek()?;
        let mut matcher = matchit::Router::new();
        for template in templates {
            let _ = matcher.insert(template, self.route(template));
        }
        Some(Box::new(matcher))
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
        let declared = self.declared.as_ref();
        let found = declared.and_then(|declared| declared.at(path).ok());
        found.map_or(self.unmatched, |found| *found.value)
    }

    fn of_peer<B>(&self, route: Route, request: &Request<B>) -> Route {
        self.with_peer(route, self.peers.of(request))
    }

    fn with_peer(&self, route: Route, peer: u8) -> Route {
        let labels = self.sets.intern(route.number, peer);
        Route { labels, ..route }
    }

    /// The route of that name.
    pub(crate) fn named(&self, name: &str) -> Route {
        self.route(name)
    }

    /// A route of each peer, or itself if no peers are listed.
    pub(crate) fn of_each_peer(&self, route: Route) -> impl Iterator<Item = Route> {
        self.peers
            .indices()
            .map(move |peer| self.with_peer(route, peer))
    }

    /// The route that the response names in place of the request's. Skipping was decided when the request came in.
    pub(crate) fn of_response(&self, extensions: &Extensions, request: LabelSet) -> Option<Route> {
        let template = extensions.get::<RouteTemplate>()?;
        let route = self.route(template.as_str());
        if !self.client {
            return Some(route);
        }
        let peer = self.sets.get(request.id).map_or(0, |labels| labels.peer);
        Some(self.with_peer(route, peer))
    }

    pub(super) fn route(&self, name: &str) -> Route {
        let known = self.seen.get(name);
        known.unwrap_or_else(|| self.add(name, false, false))
    }

    #[cold]
    fn add(&self, name: &str, skipped: bool, stream: bool) -> Route {
        let mut groups = self.groups.iter();
        let group = groups.find(|(route, group)| route == name && group != name);
        // Not while the name is added: it would wait for its own lock.
        let group = group.map(|(_, group)| self.route(group));
        let make = |name| {
            if let Some(group) = group {
                return Route {
                    skipped,
                    stream,
                    ..group
                };
            }
            let number = self.names.push(name).unwrap_or_default() as u32;
            Route {
                labels: self.sets.intern(number, 0),
                skipped,
                stream,
                number,
            }
        };
        let route = self.seen.get_or_insert(name, make);
        route.unwrap_or(self.unmatched)
    }

    /// The number of a combination of values of the user's labels. Where the budget is used up, a new one is not kept,
    /// but overflows at once.
    #[inline]
    pub(crate) fn combination(&self, values: UserValues, is_full: impl FnOnce() -> bool) -> u32 {
        self.sets.combination(values, is_full)
    }

    /// The labels of a label set.
    pub(crate) fn labelled(&self, id: u32) -> Option<Labelled> {
        self.sets.get(id)
    }

    /// The name of a route, by its number.
    pub(crate) fn name(&self, route: u32) -> &'static str {
        self.names.get(route as usize).copied().unwrap_or_default()
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    pub(crate) fn methods(&self) -> &Methods {
        &self.methods
    }

    pub(crate) fn user_labels(&self) -> &UserLabels {
        &self.user_labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(template: &'static str) -> Request<()> {
        let request = Request::get("/").extension(RouteTemplate::new(template));
        request.body(()).unwrap()
    }

    fn of_request(routes: &Routes, request: &Request<()>) -> Option<&'static str> {
        let route = routes.of_request(request);
        (!route.skipped).then(|| routes.name(routes.labelled(route.labels.id).unwrap().route))
    }

    fn skipping(names: &[&str]) -> Routes {
        Routes::new(RouteSettings {
            skipped: names.iter().map(ToString::to_string).collect(),
            ..RouteSettings::default()
        })
    }

    #[test]
    fn a_route_has_one_label_set_however_often_it_is_seen() {
        let routes = skipping(&[]);
        let labels = |template| routes.of_request(&request(template)).labels;
        let first = labels("/users/{id}");
        assert_eq!(labels("/users/{id}"), first);
        assert_ne!(labels("/users/{idx}"), first);
        assert_eq!(routes.names.len(), 4);
    }

    #[test]
    fn no_route_and_the_template_of_that_name_are_the_same() {
        let routes = skipping(&[]);
        assert_eq!(of_request(&routes, &Request::new(())), Some(UNMATCHED));
        assert_eq!(of_request(&routes, &request(UNMATCHED)), Some(UNMATCHED));
        assert_eq!(routes.names.len(), 2);
        let named = routes.of_request(&request(UNMATCHED));
        assert_eq!(named.labels, routes.unmatched.labels);
    }

    #[test]
    fn skipped_routes_are_not_counted_unless_a_response_names_them() {
        let routes = skipping(&["/healthz", UNMATCHED]);
        let none = routes.unmatched.labels;
        let of_response = |name| {
            let request = request(name);
            routes.of_response(request.extensions(), none).is_some()
        };
        assert!(of_response("/healthz"));
        assert!(of_response(UNMATCHED));
        assert_eq!(of_request(&routes, &request("/healthz")), None);
        assert_eq!(of_request(&routes, &request(UNMATCHED)), None);
        assert_eq!(of_request(&routes, &Request::new(())), None);
        assert_eq!(
            of_request(&routes, &request("/healthz/")),
            Some("/healthz/")
        );
    }
}
