use crate::{
    label::{
        calls::Start,
        grpc::{self, Code, Timeout},
        method::Method,
        route::{Route, RouteId},
        status::Status,
    },
    layer::Shared,
    store::{RequestKey, RouteKey},
};
use http::{HeaderMap, Request, Response};
use std::{fmt, mem};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// The last frame of the response was handed to the server.
    Complete,
    /// Dropped by its owner before its end: in the head if there is no status yet, else in the body.
    Cancelled,
    /// The response body yielded an error.
    BodyError,
    /// The inner service returned `Err`.
    ServiceError,
    /// The inner service, its future or its body panicked.
    Panic,
}

impl Outcome {
    pub(crate) const ALL: [Self; 5] = [
        Self::Complete,
        Self::Cancelled,
        Self::BodyError,
        Self::ServiceError,
        Self::Panic,
    ];
}

/// How a request ended, and with which code if it was a gRPC call; of a call on its way, what is known of
/// both. The outcome is in the lower bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending(u8);

const OUTCOME_BITS: u32 = 3;

impl Ending {
    /// The request says that it is a gRPC call, and there is no response yet.
    const ASKED: u8 = 31 << OUTCOME_BITS;
    /// Request and response are gRPC's, and there is no status yet.
    const ANSWERED: u8 = 30 << OUTCOME_BITS;

    pub(crate) const fn plain(outcome: Outcome) -> Self {
        Self(outcome as u8)
    }

    pub(crate) fn new(outcome: Outcome, code: Option<Code>) -> Self {
        let code = code.map_or(0, Code::index);
        Self(code << OUTCOME_BITS | outcome as u8)
    }

    pub(crate) fn outcome(self) -> Outcome {
        let index = usize::from(self.0) % (1 << OUTCOME_BITS);
        Outcome::ALL.get(index).copied().unwrap_or(Outcome::Panic)
    }

    /// `None` if it was no call, or while there is none.
    pub(crate) fn code(self) -> Option<Code> {
        Code::from_index(self.0 >> OUTCOME_BITS)
    }

    fn is_call(self) -> bool {
        self.0 >> OUTCOME_BITS != 0
    }

    fn set_outcome(&mut self, outcome: Outcome) {
        *self = Self(self.call() | outcome as u8);
    }

    /// What it says of the call.
    fn call(self) -> u8 {
        self.0 >> OUTCOME_BITS << OUTCOME_BITS
    }

    fn set_call(&mut self, call: u8) {
        *self = Self(call | self.outcome() as u8);
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self(number)
    }
}

/// A request that started.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    shared: &'static Shared,
    at: u64,
    start: Start,
    timeout: Timeout,
    key: RequestKey,
}

impl Started {
    /// Starts a request where it stays, unless its route is skipped.
    pub(crate) fn now<B>(
        shared: &'static Shared,
        request: &Request<B>,
        started: &mut Option<Self>,
    ) {
        let route = shared.routes.of_request(request);
        if request.method() == http::Method::POST && grpc::is_grpc(request.headers()) {
            *started = Self::call(shared, request, route);
        } else {
            *started = Self::plain(shared, request, route);
        }
    }

    #[inline]
    fn plain<B>(shared: &'static Shared, request: &Request<B>, route: Route) -> Option<Self> {
        let route = route.counted()?;
        let mut method = Method::of(request.method());
        let gauge = shared.store.begin(RouteKey { route, method });
        if shared.shows_request_version {
            method = method.over(request.version());
        }
        Some(Self {
            shared,
            at: shared.clock.raw(),
            start: Start::of(gauge),
            timeout: Timeout::NONE,
            key: RequestKey {
                method,
                ending: Ending::plain(Outcome::Cancelled),
                status: None,
                route,
            },
        })
    }

    /// A request that says it is a gRPC call.
    #[inline(never)]
    fn call<B>(shared: &'static Shared, request: &Request<B>, route: Route) -> Option<Self> {
        let call = shared.routes.of_call(request, route)?;
        let mut method = Method::POST;
        let gauge = shared.store.begin(RouteKey {
            route: call.gauge,
            method,
        });
        let mut start = call.start;
        if gauge != call.gauge {
            shared.routes.calls().release(start);
            start = Start::of(gauge);
        }
        if shared.shows_request_version {
            method = method.over(request.version());
        }
        Some(Self {
            shared,
            at: shared.clock.raw(),
            start,
            timeout: Timeout::of_headers(request.headers()),
            key: RequestKey {
                method,
                ending: Ending(Ending::ASKED | Outcome::Cancelled as u8),
                status: None,
                route: call.plain,
            },
        })
    }
}

/// One request on its way: owned by `call`, then by the future, then by the body. Empty if the route is
/// skipped, and once it is recorded.
///
/// It records in one place, `finish`, when it is dropped at the latest, whatever dropped it. Its outcome then says
/// *cancelled*, since nobody knew better, or *panic* if inner code unwound.
#[derive(Default)]
pub(crate) struct Recording(Option<Started>);

impl Recording {
    /// A request needs exactly one that is dropped.
    pub(crate) fn new(started: Option<Started>) -> Self {
        Self(started)
    }

    /// Runs inner code: a panic in there is how the request ended.
    pub(crate) fn watch<T>(&mut self, inner: impl FnOnce() -> T) -> T {
        let panicking = Panicking(self);
        let result = inner();
        mem::forget(panicking);
        result
    }

    /// Takes what the response's head says, and whether the response ends with it.
    pub(crate) fn head<B>(&mut self, response: &Response<B>) -> bool {
        let Some(started) = &mut self.0 else {
            return false;
        };
        let status = Status::of(response.status());
        started.key.status = Some(status);
        if started.shared.shows_response_version {
            started.key.method = started.key.method.over(response.version());
        }
        if started.key.ending.is_call() {
            started.answered(response.headers());
        }
        let routes = &started.shared.routes;
        if let Some(route) = routes.of_response(response.extensions(), started.key.route) {
            started.key.route = route;
        }
        status.has_no_body() || started.key.method.has_no_body(status)
    }

    /// Takes what the trailers say.
    #[inline(never)]
    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        let started = self.0.as_mut();
        if let Some(call) = started.filter(|started| started.key.ending.is_call()) {
            call.grpc_status(trailers);
        }
    }

    /// Records the end, unless it was before.
    ///
    /// Takes a reference, and not the recording: moving that would cost more than all of this.
    #[inline(never)]
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        let Some(started) = &mut self.0 else { return };
        let Shared { clock, store, .. } = started.shared;
        let nanos = clock.delta_as_nanos(started.at, clock.raw());
        match started.start.route() {
            Some(gauge) if !started.key.ending.is_call() => {
                started.key.ending = Ending::plain(outcome);
                let key = started.key;
                self.0 = None;
                store.end(key, gauge, nanos);
            }
            _ => {
                let mut started = *started;
                self.0 = None;
                started.end_kept(outcome, nanos);
            }
        }
    }

    /// Whether its end is not known yet.
    pub(crate) fn is_open(&self) -> bool {
        let started = self.0.as_ref();
        started.is_some_and(|started| started.key.ending.outcome() != Outcome::Panic)
    }
}

impl Started {
    /// Keeps the trace of a request, for the exemplar that it may become.
    #[cold]
    pub(crate) fn trace<B>(&mut self, request: &mut Request<B>) {
        // What is kept of a call already comes first.
        let (Some(tracing), Some(gauge)) = (&self.shared.tracing, self.start.route()) else {
            return;
        };
        let kept = tracing
            .of(request)
            .and_then(|id| tracing.kept.keep(id, gauge));
        self.start = kept.unwrap_or(self.start);
    }
}

/// The way of a gRPC call.
impl Started {
    /// Where the gauge counts it.
    fn gauge(&self) -> RouteId {
        let known = self.start.route();
        known.unwrap_or_else(|| self.kept_gauge())
    }

    #[cold]
    fn kept_gauge(&self) -> RouteId {
        let Shared {
            routes, tracing, ..
        } = self.shared;
        let traced = tracing
            .as_ref()
            .and_then(|tracing| tracing.kept.get(self.start));
        let of_call = || routes.calls().gauge(self.start);
        let gauge = traced.map(|(_, gauge)| gauge).or_else(of_call);
        gauge.unwrap_or(RouteId::NONE)
    }

    #[cold]
    fn answered(&mut self, headers: &HeaderMap) {
        if !grpc::is_grpc(headers) {
            self.key.ending.set_call(0);
            return;
        }
        self.key.ending.set_call(Ending::ANSWERED);
        self.key.route = self.gauge();
        self.grpc_status(headers);
    }

    #[inline(never)]
    fn grpc_status(&mut self, headers: &HeaderMap) {
        let Some(code) = Code::of_headers(headers) else {
            return;
        };
        self.key.ending.set_call(code.index() << OUTCOME_BITS);
        if code == Code::OK && self.start.route().is_none() {
            self.prove();
        }
    }

    #[cold]
    fn prove(&mut self) {
        let Shared { routes, store, .. } = self.shared;
        let path = routes.calls().path(self.start);
        let Some(path) = path.filter(|_| !store.is_full()) else {
            return;
        };
        let route = routes.prove(&path);
        // Unless the response named another one.
        if self.key.route == self.gauge() {
            self.key.route = route;
        }
    }

    /// The end of a call, or of a request of which something is kept elsewhere.
    #[inline(never)]
    fn end_kept(&mut self, outcome: Outcome, nanos: u64) {
        let Shared {
            routes,
            store,
            tracing,
            ..
        } = self.shared;
        self.key.ending.set_outcome(outcome);
        let gauge = self.gauge();
        self.end_call(gauge, nanos);
        store.end(self.key, gauge, nanos);
        routes.calls().release(self.start);
        if let Some(tracing) = tracing {
            if let Some((trace, _)) = tracing.kept.get(self.start) {
                store.exemplify(self.key, nanos, trace);
            }
            tracing.kept.release(self.start);
        }
    }

    /// Decides what is still open at the end.
    fn end_call(&mut self, gauge: RouteId, nanos: u64) {
        let ending = self.key.ending;
        if ending.is_call() {
            if ending.call() == Ending::ASKED {
                self.key.route = gauge;
            }
            let code = self.code(nanos);
            let unknown = self.key.route == gauge && self.shared.routes.is_unproven(gauge);
            let code = match unknown && code == Code::UNIMPLEMENTED {
                true => Code::NO_SUCH_METHOD,
                false => code,
            };
            self.key.ending = Ending::new(ending.outcome(), Some(code));
        }
    }

    /// The code of a call that took that long.
    fn code(&self, nanos: u64) -> Code {
        let RequestKey { ending, status, .. } = self.key;
        match ending.outcome() {
            Outcome::Complete => ending
                .code()
                .or_else(|| status.map(Code::of_status))
                .unwrap_or(Code::UNKNOWN),
            Outcome::Cancelled if self.timeout.has_passed(nanos) => Code::DEADLINE_EXCEEDED,
            Outcome::Cancelled => Code::CANCELLED,
            Outcome::BodyError | Outcome::ServiceError | Outcome::Panic => Code::UNKNOWN,
        }
    }
}

/// Dropped by unwinding only, so that nothing is written where nothing panics.
struct Panicking<'a>(&'a mut Recording);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        if let Recording(Some(started)) = self.0 {
            started.key.ending.set_outcome(Outcome::Panic);
        }
    }
}

impl Drop for Recording {
    #[inline]
    fn drop(&mut self) {
        if let Self(Some(started)) = self {
            let outcome = started.key.ending.outcome();
            self.finish(outcome);
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.map(|started| started.key);
        f.debug_struct("Recording")
            .field("status", &key.and_then(|key| key.status))
            .field("outcome", &key.map(|key| key.ending.outcome()))
            .finish_non_exhaustive()
    }
}
