//! How a request starts.

use super::{
    Recorder, VersionFrom, active::ActiveRequest, call::Call, flags::Flags, grpc,
    head::content_length, key::PackedKey,
};
use crate::label::{RequestHead, Route, Scheme, Version};
use http::Request;

/// A larger body is none that a service takes: a tebibyte. A client could declare so many bytes that the sum overflows.
const MAX_REQUEST_BYTES: u64 = 1 << 40;

/// Starts a request, unless its route is skipped.
#[inline(always)]
pub(super) fn start<B>(
    recorder: &'static Recorder,
    request: &Request<B>,
) -> Option<Box<ActiveRequest>> {
    let route = recorder.routes.of_request(request);
    if request.method() == http::Method::POST && grpc::is_grpc(request.headers()) {
        return start_call(recorder, request, route);
    }
    (!route.skipped).then(|| start_under(recorder, request, &route, &route))
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
        true => &call.route,
        false => &plain,
    };
    let gauge = match call.known {
        true => &call.route,
        false => route,
    };
    let mut started = start_under(recorder, request, route, gauge);
    let flags = Flags::RESPONSE.and(Flags::COMPLETION);
    started.state.flags.set(flags);
    started.call = Some(Call::new(call, request.headers()));
    Some(started)
}

/// Starts a request that is counted under a route, and by the gauge under one.
#[inline(always)]
fn start_under<B>(
    recorder: &'static Recorder,
    request: &Request<B>,
    route: &Route,
    gauge: &Route,
) -> Box<ActiveRequest> {
    let method = recorder.routes.methods().of(request.method());
    let key = PackedKey::new(method);
    let mut started = ActiveRequest::new(recorder, route, key);
    if recorder.flags.has(Flags::REQUEST) {
        started.ask(&RequestHead::from(request));
    }
    let state = &mut started.state;
    let gauge = state.key.of_active().with_labels(gauge.labels);
    state.active = recorder.store.find_active(gauge);
    if let Some(active) = state.active {
        started.slot.show(active);
    }
    state.started_at = recorder.clock.raw();
    started
}

impl ActiveRequest {
    /// Asks the request's head, and the user's functions.
    #[inline(never)]
    fn ask(&mut self, head: &RequestHead<'_>) {
        let state = &mut self.state;
        let recorder = state.recorder;
        state.key = match recorder.version_from {
            VersionFrom::Nobody => state.key,
            VersionFrom::Request => state.key.with_version(Version::from_http(head.version)),
            VersionFrom::Response => state.key.with_scheme(Scheme::from_uri(head.uri)),
        };
        let labels = recorder.routes.user_labels();
        if !labels.is_empty() {
            self.label(labels.of_request(head));
        }
        if recorder.asks_extras {
            self.ask_extras(head);
        }
    }

    fn ask_extras(&mut self, head: &RequestHead<'_>) {
        let recorder = self.state.recorder;
        let measured = recorder.amounts.request_body;
        self.extras.trace = recorder.exemplar.as_ref().and_then(|of| of.ask(*head));
        let declared = measured.and_then(|_| content_length(head.headers));
        self.extras.request_body = declared.filter(|bytes| *bytes <= MAX_REQUEST_BYTES);
    }
}
