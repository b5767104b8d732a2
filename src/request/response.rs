//! What the response's head says about its request.

use super::{
    Outcome, Recording, VersionFrom,
    active::{ActiveRequest, State, UNDECLARED},
    flags::Flags,
    head::{content_length, is_event_stream},
};
use crate::label::{ResponseHead, Status, Version};
use http::{Extensions, HeaderMap, Response};
use http_body::Body;
use std::mem;

impl Recording {
    /// Reads the head of the response, and ends the request if no body follows.
    #[inline]
    pub(crate) fn record_head<B: Body>(&mut self, response: &Response<B>) {
        let panicking = HeadPanicking(self);
        let is_over = match &mut panicking.0.0 {
            Some(active) => active.record_head(response),
            None => false,
        };
        mem::forget(panicking);
        if is_over {
            self.finish(Outcome::Complete);
        }
    }
}

impl ActiveRequest {
    /// Reads the head: the status, the route, and how long the body will be. `true` if there is none.
    #[inline]
    fn record_head<B: Body>(&mut self, response: &Response<B>) -> bool {
        let state = &mut self.state;
        let status = Status::from_http(response.status());
        state.key = state.key.with_status(status);
        if state.flags.has(Flags::HEAD) {
            self.record_special_head(response);
        }
        if !response.extensions().is_empty() {
            self.reroute(response.extensions());
        }
        match self.state.key.method().has_no_body(status) {
            true => self.declare(Some(0)),
            false => self.record_body(response),
        }
    }

    /// Notes how long the body will be, if it says so. `true` if it is empty.
    #[inline]
    fn declare(&mut self, bytes: Option<u64>) -> bool {
        let state = &mut self.state;
        state.declared = bytes.unwrap_or(UNDECLARED);
        state.remaining = state.declared;
        state.declared == 0
    }

    /// Notes what only some requests want to know of the head.
    #[inline]
    fn record_special_head<B>(&mut self, response: &Response<B>) {
        let State {
            flags, recorder, ..
        } = &self.state;
        if flags.has(Flags::RESPONSE_START) {
            self.extras.response_started_at = recorder.clock.raw();
        }
        if flags.has(Flags::RESPONSE) {
            self.read_special_head(response);
        }
    }

    #[inline(never)]
    fn read_special_head<B>(&mut self, response: &Response<B>) {
        let recorder = self.state.recorder;
        if recorder.asks_responses {
            self.ask_response(&ResponseHead::from(response));
        }
        if self.call.is_some() {
            self.record_call(response.headers());
        }
    }

    /// Asks the response's head, and the user's functions.
    #[inline(never)]
    fn ask_response(&mut self, head: &ResponseHead<'_>) {
        let state = &mut self.state;
        let recorder = state.recorder;
        if recorder.version_from == VersionFrom::Response {
            state.key = state.key.with_version(Version::from_http(head.version));
        }
        let labels = recorder.routes.user_labels();
        if !labels.is_empty() {
            // If the request was not asked, the box still has the values of its last request.
            let of_request = match recorder.flags.has(Flags::REQUEST) {
                true => self.values,
                false => 0,
            };
            self.label(of_request + labels.of_response(head));
        }
    }

    /// Reads whether a gRPC call was answered as such.
    #[inline]
    fn record_call(&mut self, headers: &HeaderMap) {
        let Some(call) = &mut self.call else { return };
        if call.record_head(headers) {
            self.state.route = call.route();
        } else {
            self.call = None;
        }
    }

    /// Reads the route that the response names.
    #[inline(never)]
    fn reroute(&mut self, extensions: &Extensions) {
        let state = &mut self.state;
        let routes = &state.recorder.routes;
        if let Some(route) = routes.of_response(extensions, state.route.labels) {
            state.route = route;
            if let Some(call) = &mut self.call {
                call.overrule();
            }
        }
    }

    /// Reads how long the body will be. `true` if it is empty.
    #[inline]
    fn record_body<B: Body>(&mut self, response: &Response<B>) -> bool {
        match response.body().size_hint().exact() {
            Some(bytes) if bytes > 0 && self.call.is_none() && !self.state.route.stream => {
                self.declare(Some(bytes))
            }
            exact => self.expect(exact, response),
        }
    }

    /// The same for all but plain bodies of an exact length: by `Content-Length`, and for calls and streams.
    #[inline(never)]
    fn expect<B: Body>(&mut self, exact: Option<u64>, response: &Response<B>) -> bool {
        // A body that says it has bytes is not asked.
        if exact.is_none_or(|bytes| bytes == 0) && response.body().is_end_stream() {
            return self.declare(Some(0));
        }
        let headers = response.headers();
        let mut is_stream = self.state.route.stream;
        // A call is complete with its trailers, whatever length it declared.
        let declared = match (&self.call, exact) {
            (Some(call), _) if call.is_grpc() => None,
            (_, Some(exact)) => Some(exact),
            (_, None) => {
                let declared = content_length(headers);
                is_stream |= declared.is_none() && is_event_stream(headers);
                declared
            }
        };
        if is_stream {
            self.state.flags.set(Flags::COMPLETION);
            self.head_nanos = Some(self.elapsed());
        }
        self.declare(declared)
    }
}

/// Ends a request by a panic when it is dropped, as [`Panicking`](super::Panicking) does, while the head is read: then
/// nothing passed of the body, and it may not be known yet how long it is.
struct HeadPanicking<'a>(&'a mut Recording);

impl Drop for HeadPanicking<'_> {
    fn drop(&mut self) {
        if let Some(active) = &mut self.0.0 {
            active.declare(Some(0));
        }
        self.0.finish(Outcome::Panic);
    }
}
