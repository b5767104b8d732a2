use super::Counts;
use crate::keys;
use axum::{extract::MatchedPath, http::Request};
use std::{sync::Arc, thread};

const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
];

/// How a request ended, as far as somebody said so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ending {
    Complete,
    BodyFailed,
    ServiceFailed,
    Panicked,
    /// Dropped, which is how a stream ends.
    Left,
    Cancelled,
}

/// One request, from its start to its end.
#[derive(Debug)]
pub(super) struct WitnessedRequest {
    /// `None` once it has been counted.
    counts: Option<Arc<Counts>>,
    part: &'static str,
    method: &'static str,
    route: String,
    status: Option<u16>,
    is_call: bool,
    pub(super) is_stream: bool,
    pub(super) grpc_status: Option<&'static str>,
}

impl WitnessedRequest {
    pub(super) fn new<B>(counts: &Arc<Counts>, part: &'static str, request: &Request<B>) -> Self {
        counts.started(part);
        let method = METHODS
            .into_iter()
            .find(|method| request.method() == method);
        let content_type = request.headers().get("content-type");
        let is_call = request.uri().path().starts_with("/shop.Orders/")
            && content_type.is_some_and(|it| it == "application/grpc");
        let matched = request.extensions().get::<MatchedPath>();
        let route = match matched {
            _ if is_call => "/shop.Orders/*",
            _ if part == keys::STOCK => "/items/{item}",
            Some(matched) => matched.as_str(),
            None => "_unmatched",
        };
        Self {
            counts: Some(counts.clone()),
            part,
            method: method.unwrap_or("_OTHER"),
            route: route.to_owned(),
            status: None,
            is_call,
            is_stream: false,
            grpc_status: None,
        }
    }

    pub(super) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(super) fn has_no_body(&self) -> bool {
        self.is_head() || matches!(self.status, Some(204 | 304))
    }

    /// Counts it, unless it has been counted.
    pub(super) fn end(&mut self, ending: Ending) {
        let Some(counts) = self.counts.take() else {
            return;
        };
        let (part, method, route) = (self.part, self.method, &self.route);
        let is_client = part == keys::STOCK;
        let status = match (self.status, ending) {
            (Some(status), _) => status.to_string(),
            (None, _) if is_client => "_none".to_owned(),
            (None, Ending::Cancelled) => "499".to_owned(),
            (None, _) => "500".to_owned(),
        };
        let code = self.code(ending);
        counts.ended(keys::request(part, method, route, &status, code));
        let first_error = if is_client { 400 } else { 500 };
        let failed = self.status.is_some_and(|status| status >= first_error);
        let cause = match ending {
            Ending::Panicked => "panic",
            Ending::ServiceFailed => "service",
            Ending::BodyFailed => "body",
            Ending::Cancelled => {
                let phase = if self.status.is_some() {
                    "body"
                } else {
                    "head"
                };
                return counts.ended(keys::cancelled(part, method, route, phase));
            }
            Ending::Complete | Ending::Left if failed => &status,
            // `UNIMPLEMENTED` is none: only methods that nobody declared are answered with it.
            Ending::Complete | Ending::Left if matches!(code, "INTERNAL" | "UNKNOWN") => code,
            Ending::Complete | Ending::Left => return,
        };
        counts.ended(keys::error(part, method, route, cause));
    }

    fn code(&self, ending: Ending) -> &'static str {
        match ending {
            _ if !self.is_call => "-",
            Ending::Complete | Ending::Left => self.grpc_status.unwrap_or("UNKNOWN"),
            Ending::Cancelled => "CANCELLED",
            Ending::BodyFailed | Ending::ServiceFailed | Ending::Panicked => "UNKNOWN",
        }
    }
}

impl Drop for WitnessedRequest {
    fn drop(&mut self) {
        self.end(match (thread::panicking(), self.is_stream) {
            (true, _) => Ending::Panicked,
            (false, true) => Ending::Left,
            (false, false) => Ending::Cancelled,
        });
    }
}
