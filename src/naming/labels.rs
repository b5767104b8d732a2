use crate::{
    label::{Labelled, Method, OTHER, Routes, Scheme, Status, Version},
    naming::Role,
    request::{ActiveKey, Code, Outcome, RequestKey},
};
use std::fmt;

/// What tells the series of one group of families apart, beside the labels that a histogram adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) route: Labelled,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) scheme: Scheme,
    pub(crate) code: Option<Code>,
    pub(crate) reason: Option<Reason>,
    pub(crate) status: Option<Status>,
}

/// Why a request failed, or where it was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The status of the response.
    Status,
    /// The status of the gRPC call.
    Code,
    Body,
    Head,
    Panic,
    Service,
    Cancelled,
}

/// Families with the same series: which keys they have, and which labels of them they show.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) of: Keys,
    pub(crate) columns: Vec<Column>,
}

/// The keys of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// All requests, by what came of them.
    Requests,
    /// Those that failed.
    Errors,
    /// Those that were dropped.
    Cancelled,
    /// All but gRPC calls, with what came of them and why.
    Http,
    /// gRPC calls, with what came of them and why.
    Rpc,
    /// Those past the budget, all in one series.
    Overflowed,
    /// Requests in flight.
    InFlight,
    /// Requests in flight, of all routes together.
    InFlightByMethod,
}

/// One label.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) shown: Shown,
}

/// What a label shows. Without a value there is no such label.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    Method,
    Version,
    Route,
    /// The route, unless there is none.
    KnownRoute,
    /// The route without the slash that it begins with, as gRPC calls methods.
    RpcMethod,
    Status,
    Code,
    Reason,
    Peer,
    PeerHost,
    PeerPort,
    Fixed(&'static str),
}

impl Group {
    pub(crate) fn new<'a>(of: Keys, columns: impl IntoIterator<Item = (&'a str, Shown)>) -> Self {
        let columns = columns.into_iter().map(|(name, shown)| Column {
            name: name.to_owned(),
            shown,
        });
        Self {
            of,
            columns: columns.collect(),
        }
    }

    /// The labels of a finished request; `None` if it is not in the group.
    pub(crate) fn of_request(
        &self,
        role: Role,
        key: RequestKey,
        route: Labelled,
    ) -> Option<Labels> {
        let outcome = key.completion.outcome;
        let code = key.completion.code;
        let labels = Labels {
            route,
            method: key.method,
            version: key.version,
            scheme: key.scheme,
            code: code.map(Code::sent),
            reason: None,
            status: key.status,
        };
        let bare = Labels {
            code: None,
            status: None,
            ..labels
        };
        match self.of {
            Keys::Requests => Some(Labels {
                status: Some(key.status.unwrap_or(role.no_status(outcome))),
                ..labels
            }),
            Keys::Errors => Reason::of_error(role, key).map(|reason| Labels {
                reason: Some(reason),
                status: key.status.filter(|_| reason == Reason::Status),
                code: labels.code.filter(|_| reason == Reason::Code),
                ..bare
            }),
            Keys::Cancelled => Reason::of_cancellation(key).map(|reason| Labels {
                reason: Some(reason),
                ..bare
            }),
            Keys::Http if code.is_none() => Some(Labels {
                reason: Reason::of_failure(role, key),
                ..labels
            }),
            Keys::Rpc if code.is_some() => Some(Labels {
                reason: Reason::of_failed_call(key),
                status: None,
                ..labels
            }),
            Keys::Overflowed if route.is_overflow() => Some(Labels::NONE),
            Keys::Http | Keys::Rpc | Keys::Overflowed => None,
            Keys::InFlight | Keys::InFlightByMethod => None,
        }
    }

    /// The labels of requests in flight; `None` if the group has none of them.
    pub(crate) fn of_route(&self, key: ActiveKey, route: Labelled) -> Option<Labels> {
        let labels = Labels {
            route,
            method: key.method,
            scheme: key.scheme,
            ..Labels::NONE
        };
        match self.of {
            Keys::InFlight => Some(labels),
            Keys::InFlightByMethod => Some(Labels {
                route: Labelled { route: 0, ..route },
                ..labels
            }),
            _ => None,
        }
    }

    /// Whether its series are those of requests in flight.
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self.of, Keys::InFlight | Keys::InFlightByMethod)
    }

    /// Whether it has every request, alone or with the others of which that is true.
    pub(crate) fn is_of_all(&self) -> bool {
        matches!(self.of, Keys::Requests | Keys::Http | Keys::Rpc)
    }
}

impl Labels {
    pub(crate) const NONE: Self = Self {
        route: Labelled { route: 0, peer: 0 },
        method: Method::GET,
        version: Version::NONE,
        scheme: Scheme::None,
        code: None,
        reason: None,
        status: None,
    };

    /// The value of a label, if it has one.
    pub(crate) fn show(
        &self,
        shown: &Shown,
        routes: &Routes,
        visit: &mut dyn FnMut(&str) -> fmt::Result,
    ) -> fmt::Result {
        let Self { route, method, .. } = *self;
        let name = || routes.name(route.route);
        let peers = routes.peers();
        match shown {
            Shown::Method => visit(method.as_str()),
            Shown::Version => self.version.as_str().map_or(Ok(()), visit),
            Shown::Route => visit(name()),
            Shown::KnownRoute if route.is_unmatched() => Ok(()),
            Shown::KnownRoute => visit(name()),
            Shown::RpcMethod => match name().strip_prefix('/') {
                Some(name) => visit(name),
                None if route.is_overflow() => visit(name()),
                None => visit(OTHER),
            },
            Shown::Status => match self.status {
                Some(status) => visit(&status.to_string()),
                None => Ok(()),
            },
            Shown::Code => self.code.map_or(Ok(()), |code| visit(code.as_str())),
            Shown::Reason => self.show_reason(visit),
            Shown::Peer => peers.name(route.peer).map_or(Ok(()), visit),
            Shown::PeerHost => peers.host(route.peer).map_or(Ok(()), visit),
            Shown::PeerPort => match peers.port(route.peer) {
                Some(port) => visit(itoa::Buffer::new().format(port)),
                None => Ok(()),
            },
            Shown::Fixed(value) => visit(value),
        }
    }

    fn show_reason(&self, visit: &mut dyn FnMut(&str) -> fmt::Result) -> fmt::Result {
        match self.reason {
            None => Ok(()),
            Some(Reason::Status) => self
                .status
                .map_or(Ok(()), |status| visit(&status.to_string())),
            Some(Reason::Code) => self.code.map_or(Ok(()), |code| visit(code.as_str())),
            Some(Reason::Body) => visit("body"),
            Some(Reason::Head) => visit("head"),
            Some(Reason::Panic) => visit("panic"),
            Some(Reason::Service) => visit("service"),
            Some(Reason::Cancelled) => visit("cancelled"),
        }
    }
}

impl Reason {
    /// Why a request is an error, the first that applies; `None` if it is none.
    fn of_error(role: Role, key: RequestKey) -> Option<Self> {
        match key.completion.outcome {
            Outcome::Panic => return Some(Self::Panic),
            Outcome::ServiceError => return Some(Self::Service),
            Outcome::BodyError => return Some(Self::Body),
            // Only of a call that took too long is it known that it was not the client's whim.
            Outcome::Cancelled if key.completion.code != Some(Code::DEADLINE_EXCEEDED) => {
                return None;
            }
            Outcome::Cancelled | Outcome::Complete => {}
        }
        let status = key.status.is_some_and(|status| role.is_error(status));
        let code = key
            .completion
            .code
            .is_some_and(|code| role.is_code_error(code));
        match (status, code) {
            (true, _) => Some(Self::Status),
            (false, true) => Some(Self::Code),
            (false, false) => None,
        }
    }

    /// What was going on when a request was cancelled; `None` if it was not.
    fn of_cancellation(key: RequestKey) -> Option<Self> {
        let in_time = key.completion.code != Some(Code::DEADLINE_EXCEEDED);
        match key.completion.outcome {
            Outcome::Cancelled if in_time => Some(match key.status {
                None => Self::Head,
                Some(_) => Self::Body,
            }),
            _ => None,
        }
    }

    /// Why a request was no success; `None` if it was one.
    fn of_failure(role: Role, key: RequestKey) -> Option<Self> {
        let cancelled = || Self::of_cancellation(key).map(|_| Self::Cancelled);
        Self::of_error(role, key).or_else(cancelled)
    }

    /// Why a call was not OK; `None` if it was.
    fn of_failed_call(key: RequestKey) -> Option<Self> {
        let failed = key.completion.code != Some(Code::OK);
        failed.then_some(match key.completion.outcome {
            Outcome::Panic => Self::Panic,
            Outcome::ServiceError => Self::Service,
            Outcome::BodyError => Self::Body,
            Outcome::Complete | Outcome::Cancelled => Self::Code,
        })
    }
}
