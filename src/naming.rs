//! Names of families and labels, and which label a key gets in each: the projection.

use crate::{
    label::{method::Method, route::RouteId, status::Status},
    recording::Outcome,
    store::{RequestKey, RouteKey},
};
use std::fmt;

/// The names and help texts of a layer's families.
#[derive(Debug)]
pub(crate) struct Naming {
    pub(crate) requests: Family,
    pub(crate) errors: Family,
    pub(crate) cancelled: Family,
    pub(crate) duration: Family,
    pub(crate) in_flight: Family,
}

/// One metric family.
#[derive(Debug)]
pub(crate) struct Family {
    /// Without what the type adds: a counter's `_total`.
    pub(crate) name: String,
    /// As OpenMetrics calls it.
    pub(crate) kind: &'static str,
    pub(crate) help: &'static str,
}

impl Naming {
    /// The default names, behind the namespace if there is one.
    pub(crate) fn prometheus(namespace: Option<&str>) -> Self {
        let family = |name: &str, kind, help| Family {
            name: match namespace {
                Some(namespace) => format!("{namespace}_{name}"),
                None => name.to_owned(),
            },
            kind,
            help,
        };
        Self {
            requests: family(
                "http_requests",
                "counter",
                "Requests that ended, in whatever way.",
            ),
            errors: family("http_errors", "counter", "Requests that failed, by cause."),
            cancelled: family(
                "http_requests_cancelled",
                "counter",
                "Requests that were dropped before their end.",
            ),
            duration: family(
                "http_request_duration_seconds",
                "histogram",
                "Time from the call to the end of the response body.",
            ),
            in_flight: family(
                "http_requests_in_flight",
                "gauge",
                "Requests that have not ended yet.",
            ),
        }
    }

    pub(crate) fn families(&self) -> [&Family; 5] {
        [
            &self.requests,
            &self.errors,
            &self.cancelled,
            &self.duration,
            &self.in_flight,
        ]
    }
}

/// The labels of one series, beside those that a histogram adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) route: RouteId,
    pub(crate) method: Method,
    pub(crate) third: Option<Third>,
}

/// The label that not all families have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Third {
    Status(Status),
    Error(Error),
    Phase(Phase),
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Error {
    Status(Status),
    Body,
    Panic,
    Service,
}

/// What was going on when a request was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Body,
    Head,
}

impl Labels {
    /// The labels of the requests counter and of the duration histogram.
    pub(crate) fn of_request(key: RequestKey) -> Self {
        let unanswered = match key.outcome {
            Outcome::Cancelled => Status::CLIENT_CLOSED,
            _ => Status::INTERNAL,
        };
        Self::with(key, Third::Status(key.status.unwrap_or(unanswered)))
    }

    /// The labels of the errors counter; `None` if it was no error.
    pub(crate) fn of_error(key: RequestKey) -> Option<Self> {
        let error = match key.outcome {
            Outcome::Panic => Error::Panic,
            Outcome::ServiceError => Error::Service,
            Outcome::BodyError => Error::Body,
            Outcome::Complete => {
                Error::Status(key.status.filter(|status| status.is_server_error())?)
            }
            Outcome::Cancelled => return None,
        };
        Some(Self::with(key, Third::Error(error)))
    }

    /// The labels of the cancelled counter; `None` if it was not cancelled.
    pub(crate) fn of_cancellation(key: RequestKey) -> Option<Self> {
        let phase = match (key.outcome, key.status) {
            (Outcome::Cancelled, None) => Phase::Head,
            (Outcome::Cancelled, Some(_)) => Phase::Body,
            _ => return None,
        };
        Some(Self::with(key, Third::Phase(phase)))
    }

    /// The labels of the in-flight gauge.
    pub(crate) fn of_route(key: RouteKey) -> Self {
        let RouteKey { route, method } = key;
        Self {
            route,
            method,
            third: None,
        }
    }

    /// Those that all families have.
    pub(crate) fn without_third(self) -> Self {
        Self {
            third: None,
            ..self
        }
    }

    fn with(key: RequestKey, third: Third) -> Self {
        Self {
            route: key.route,
            method: key.method,
            third: Some(third),
        }
    }
}

impl Third {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Error(_) => "error",
            Self::Phase(_) => "phase",
        }
    }
}

impl fmt::Display for Third {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) | Self::Error(Error::Status(status)) => {
                fmt::Display::fmt(status, f)
            }
            Self::Error(Error::Body) | Self::Phase(Phase::Body) => f.write_str("body"),
            Self::Error(Error::Panic) => f.write_str("panic"),
            Self::Error(Error::Service) => f.write_str("service"),
            Self::Phase(Phase::Head) => f.write_str("head"),
        }
    }
}
