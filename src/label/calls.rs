//! The routes of gRPC calls.

use super::{Route, RouteTemplate, Routes, service::service_of};
use http::Request;

/// No method of a program has a longer path.
const LONGEST_PATH: usize = 256;

/// The route of a request whose headers say that it is a gRPC call.
#[derive(Clone, Debug)]
pub(crate) struct CallRoute {
    pub(crate) route: Route,
    /// Whether it is proven or declared: the request is then a call even if there never is a response.
    pub(crate) known: bool,
    /// Whether the request goes out from here: it is then a call whatever answers it.
    pub(crate) outgoing: bool,
    /// Whether it stands for methods that are neither declared nor proven.
    pub(crate) unknown_method: bool,
    /// The path that becomes a route if the call is OK.
    pub(crate) unproven: Option<Box<str>>,
}

impl CallRoute {
    fn new(route: Route, known: bool) -> Self {
        Self {
            route,
            known,
            outgoing: false,
            unknown_method: route.is_unmatched(),
            unproven: None,
        }
    }
}

impl Routes {
    /// The route of a request whose headers say that it is a gRPC call. `plain` is its route as plain HTTP. `None` if
    /// it is skipped.
    pub(crate) fn of_call<B>(&self, request: &Request<B>, plain: Route) -> Option<CallRoute> {
        if self.client {
            let known = CallRoute {
                outgoing: true,
                unknown_method: false,
                ..CallRoute::new(plain, true)
            };
            return (!plain.skipped).then_some(known);
        }
        // Skipped for good: a client's header must not change that.
        if plain.skipped && !plain.is_unmatched() {
            return None;
        }
        if request.extensions().get::<RouteTemplate>().is_some() {
            return (!plain.skipped).then(|| CallRoute::new(plain, false));
        }
        let path = request.uri().path();
        if let Some(route) = self.proven.get(path) {
            return (!route.skipped).then(|| CallRoute::new(route, true));
        }
        self.unproven(path, plain)
    }

    #[cold]
    fn unproven(&self, path: &str, plain: Route) -> Option<CallRoute> {
        let name = service_of(path);
        let declared = name.and_then(|name| self.services.iter().find(|known| known.name == name));
        let route = declared.map_or(self.unmatched, |known| known.other);
        if route.skipped {
            // A client's header must not hide a request either.
            return (!plain.skipped).then(|| CallRoute {
                unknown_method: true,
                ..CallRoute::new(plain, false)
            });
        }
        let provable = name.is_some() && path.len() <= LONGEST_PATH;
        Some(CallRoute {
            route,
            known: declared.is_some(),
            outgoing: false,
            unknown_method: true,
            unproven: provable.then(|| path.into()),
        })
    }

    /// Makes the path a route from now on, since a call to it was OK.
    #[cold]
    pub(crate) fn prove(&self, path: &str) -> Route {
        let route = self.proven.get_or_insert(path, |path| self.route(path));
        route.unwrap_or(self.unmatched)
    }
}
