use super::{
    Outcome, Recorder, VersionFrom,
    active::{ActiveRequest, Seen, UNDECLARED},
    call::Call,
    grpc,
    head::{content_length, is_event_stream},
    key::ActiveKey,
};
use crate::label::{RequestHead, ResponseHead, Route, Scheme, Status, Version};
use http::{HeaderMap, Request, Response};
use http_body::Body;
use std::{fmt, mem};

/// One request, owned by `call`, then by the future, then by the body. Empty if its route is skipped, and once the
/// request is counted.
///
/// The request is counted once: when somebody knows how it ended, or else when this is dropped. It then counts as
/// *cancelled*.
#[derive(Default)]
pub(crate) struct Recording(Option<Box<ActiveRequest>>);

impl Recording {
    /// Starts a request, unless its route is skipped.
    #[inline(never)]
    pub(crate) fn start<B>(&mut self, recorder: &'static Recorder, request: &mut Request<B>) {
        let route = recorder.routes.of_request(request);
        if request.method() == http::Method::POST && grpc::is_grpc(request.headers()) {
            self.0 = start_call(recorder, request, route);
        } else if !route.skipped {
            self.0 = start(recorder, request, route, route);
        }
        if recorder.asks_requests {
            self.ask(recorder, RequestHead::from(&*request));
        }
    }

    /// Asks the user's functions.
    #[inline(never)]
    fn ask(&mut self, recorder: &Recorder, head: RequestHead<'_>) {
        let Some(active) = &mut self.0 else { return };
        active.state.values = recorder.routes.user_labels().of_request(head);
        if let Some(exemplar) = &recorder.exemplar {
            active.trace = exemplar.ask(head);
        }
    }

    /// Runs inner code. If that panics, the panic is how the request ended.
    #[inline]
    pub(crate) fn watch<T>(&mut self, inner: impl FnOnce() -> T) -> T {
        let panicking = Panicking(self);
        let result = inner();
        mem::forget(panicking);
        result
    }

    /// Asks inner code whether the body has ended, and notes a panic as [`watch`](Self::watch) does. For `&self`
    /// methods: the request is counted later.
    #[inline]
    pub(crate) fn watch_end(&self, inner: impl FnOnce() -> bool) -> bool {
        let Some(active) = &self.0 else {
            return inner();
        };
        let panicking = active.state.seen.panicking();
        let ended = inner();
        mem::forget(panicking);
        if ended {
            active.state.seen.end();
        }
        ended
    }

    /// Runs other inner code of a `&self` method, likewise.
    #[inline]
    pub(crate) fn watch_shared<T>(&self, inner: impl FnOnce() -> T) -> T {
        let panicking = self.0.as_ref().map(|active| active.state.seen.panicking());
        let result = inner();
        mem::forget(panicking);
        result
    }

    /// Reads the head of the response, and ends the request if no body follows.
    #[inline]
    pub(crate) fn record_head<B: Body>(&mut self, response: &Response<B>) {
        let Some(active) = &mut self.0 else { return };
        if active.record_head(response) || active.record_body(response) {
            self.finish(Outcome::Complete);
        }
    }

    /// Notes that so many bytes were handed to the server. `true` if these were the last ones that were declared.
    #[inline]
    pub(crate) fn record_data(&mut self, bytes: usize) -> bool {
        let Some(active) = &mut self.0 else {
            return false;
        };
        let remaining = &mut active.state.remaining;
        if *remaining == UNDECLARED {
            return false;
        }
        *remaining = remaining.saturating_sub(bytes as u64);
        *remaining == 0
    }

    /// Reads the trailers.
    #[inline(never)]
    pub(crate) fn record_trailers(&mut self, trailers: &HeaderMap) {
        if let Some(call) = self.0.as_mut().and_then(|active| active.call.as_mut()) {
            call.record_status(trailers);
        }
    }

    /// Whether the request is counted already, or never will be.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }

    /// Counts the request, unless it is counted already.
    #[inline]
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        if let Some(active) = self.0.take() {
            active.finish(outcome);
        }
    }
}

#[inline(always)]
fn start<B>(
    recorder: &'static Recorder,
    request: &Request<B>,
    route: Route,
    gauge: Route,
) -> Option<Box<ActiveRequest>> {
    let method = recorder.routes.methods().of(request.method());
    let (scheme, version) = match recorder.version_from {
        VersionFrom::Nobody => (Scheme::None, Version::NONE),
        VersionFrom::Request => (Scheme::None, Version::from_http(request.version())),
        VersionFrom::Response => (Scheme::from_uri(request.uri()), Version::NONE),
    };
    let gauge = ActiveKey::with_labels(method, scheme, gauge.labels);
    let active = recorder.store.start(gauge)?;
    let mut started = ActiveRequest::new(recorder, active);
    let state = &mut started.state;
    state.started_at = recorder.clock.raw();
    state.labels = route.labels;
    state.method = method;
    state.values = 0;
    state.version = version;
    state.scheme = scheme;
    state.status = None;
    state.stream = route.stream;
    state.seen = Seen::default();
    state.remaining = UNDECLARED;
    state.head_nanos = None;
    Some(started)
}

/// Starts a request whose headers say that it is a gRPC call.
#[inline(never)]
fn start_call<B>(
    recorder: &'static Recorder,
    request: &Request<B>,
    plain: Route,
) -> Option<Box<ActiveRequest>> {
    let call = recorder.routes.of_call(request, plain)?;
    // A request that is skipped as plain HTTP, but not as a call, is counted under the call's route even if its
    // response is not gRPC.
    let route = match plain.skipped {
        true => call.route,
        false => plain,
    };
    let gauge = match call.known {
        true => call.route,
        false => route,
    };
    let mut started = start(recorder, request, route, gauge)?;
    started.call = Some(Call::new(call, request.headers()));
    Some(started)
}

impl ActiveRequest {
    /// Reads the status, the version and the route. `true` if the response ends with its head.
    #[inline]
    fn record_head<B>(&mut self, response: &Response<B>) -> bool {
        let state = &mut self.state;
        let status = Status::from_http(response.status());
        state.status = Some(status);
        if state.recorder.version_from == VersionFrom::Response {
            state.version = Version::from_http(response.version());
        }
        if let Some(call) = &mut self.call {
            if call.record_head(response.headers()) {
                state.labels = call.route().labels;
                state.stream = call.route().stream;
            } else {
                self.call = None;
            }
        }
        let routes = &state.recorder.routes;
        if let Some(route) = routes.of_response(response.extensions(), state.labels) {
            state.labels = route.labels;
            state.stream = route.stream;
            if let Some(call) = &mut self.call {
                call.overrule();
            }
        }
        if state.recorder.asks_responses {
            let user_labels = state.recorder.routes.user_labels();
            state.values += user_labels.of_response(ResponseHead::from(response));
        }
        state.method.has_no_body(status)
    }

    /// Reads how long the body will be. `true` if it is empty.
    #[inline]
    fn record_body<B: Body>(&mut self, response: &Response<B>) -> bool {
        let panicking = self.state.seen.panicking();
        let body = response.body();
        let exact = body.size_hint().exact();
        // Not asked of a body that says it has bytes.
        let ended = exact.is_none_or(|bytes| bytes == 0) && body.is_end_stream();
        mem::forget(panicking);
        if let (Some(bytes), None, false) = (exact, &self.call, self.state.stream) {
            self.state.remaining = bytes;
            return bytes == 0;
        }
        ended || self.expect(exact, response.headers())
    }

    /// The same for all but plain bodies of an exact length: by `Content-Length`, and for calls and streams.
    #[inline(never)]
    fn expect(&mut self, exact: Option<u64>, headers: &HeaderMap) -> bool {
        // A call is complete with its trailers, whatever length it declared.
        let declared = match (&self.call, exact) {
            (Some(call), _) if call.is_grpc() => None,
            (_, Some(exact)) => Some(exact),
            (_, None) => {
                let declared = content_length(headers);
                self.state.stream |= declared.is_none() && is_event_stream(headers);
                declared
            }
        };
        if self.state.stream {
            self.state.head_nanos = Some(self.elapsed());
        }
        self.state.remaining = declared.unwrap_or(UNDECLARED);
        declared == Some(0)
    }
}

/// Ends a request by a panic when it is dropped. Only unwinding drops it: code that does not panic forgets it.
pub(crate) struct Panicking<'a>(pub(crate) &'a mut Recording);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        self.0.finish(Outcome::Panic);
    }
}

impl Drop for Recording {
    #[inline]
    fn drop(&mut self) {
        if let Some(active) = self.0.take() {
            active.abandon();
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.as_ref().map(|active| &active.state);
        f.debug_struct("Recording")
            .field("status", &state.and_then(|state| state.status))
            .finish_non_exhaustive()
    }
}
