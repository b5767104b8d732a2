use super::set::{LabelSet, UNMATCHED_ROUTE};

/// The route of a request, with everything that it decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) labels: LabelSet,
    /// Whether its requests are not recorded at all.
    pub(crate) skipped: bool,
    /// Whether its responses are streams.
    pub(crate) stream: bool,
    pub(super) number: u32,
}

impl Route {
    pub(super) fn is_unmatched(&self) -> bool {
        self.number == UNMATCHED_ROUTE
    }
}

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
    pub(super) fn new(route: Route, known: bool) -> Self {
        Self {
            route,
            known,
            outgoing: false,
            unknown_method: route.is_unmatched(),
            unproven: None,
        }
    }
}
