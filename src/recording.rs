use crate::{
    label::{
        calls::Start,
        grpc::{self, Code, Timeout},
        method::Method,
        route::RouteId,
        status::Status,
    },
    layer::Shared,
    naming::Role,
    store::{RequestKey, RouteKey},
};
use http::{HeaderMap, Request, Response, Version};
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
    /// `None` if the route is skipped.
    pub(crate) fn now<B>(shared: &'static Shared, request: &Request<B>) -> Option<Self> {
        let method = Method::of(request.method());
        if method == Method::POST && grpc::is_grpc(request.headers()) {
            return Self::call(shared, request);
        }
        let route = shared.routes.of_request(request)?;
        let route = shared.store.begin(RouteKey { route, method });
        let method = shared.versioned(Role::Server, method, request.version());
        Some(Self {
            shared,
            at: shared.clock.raw(),
            start: Start::of(route),
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
    fn call<B>(shared: &'static Shared, request: &Request<B>) -> Option<Self> {
        let call = shared.routes.of_call(request)?;
        let method = Method::POST;
        let gauge = shared.store.begin(RouteKey {
            route: call.gauge,
            method,
        });
        let mut start = call.start;
        if gauge != call.gauge {
            shared.routes.calls().release(start);
            start = Start::of(gauge);
        }
        Some(Self {
            shared,
            at: shared.clock.raw(),
            start,
            timeout: Timeout::of_headers(request.headers()),
            key: RequestKey {
                method: shared.versioned(Role::Server, method, request.version()),
                ending: Ending(Ending::ASKED | Outcome::Cancelled as u8),
                status: None,
                route: call.plain,
            },
        })
    }

    /// What records its end. A request needs exactly one that is dropped.
    pub(crate) fn recording(mut self, outcome: Outcome) -> Recording {
        self.key.ending.set_outcome(outcome);
        Recording(self)
    }
}

impl Shared {
    /// The method with the version, if that is a label, from the side that knows it.
    fn versioned(&self, role: Role, method: Method, version: Version) -> Method {
        if self.shows_versions && self.role == role {
            return method.over(version);
        }
        method
    }
}

/// One request on its way: owned by `call`, then by the future, then by the body.
///
/// It records in one place, when it is dropped, whatever dropped it. Its outcome says *cancelled* until
/// somebody knows better, and *panic* once inner code unwound.
pub(crate) struct Recording(Started);

impl Recording {
    /// Runs inner code: a panic in there is how the request ended.
    pub(crate) fn watch<T>(recording: &mut Option<Self>, inner: impl FnOnce() -> T) -> T {
        let panicking = Panicking(recording);
        let result = inner();
        mem::forget(panicking);
        result
    }

    /// Takes what the response's head says, and whether the response ends with it.
    pub(crate) fn head<B>(&mut self, response: &Response<B>) -> bool {
        let Self(started) = self;
        let status = Status::of(response.status());
        started.key.status = Some(status);
        let shared = started.shared;
        started.key.method = shared.versioned(Role::Client, started.key.method, response.version());
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
    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        let Self(started) = self;
        if started.key.ending.is_call() {
            started.grpc_status(trailers);
        }
    }

    /// The end is known: records it, where it is, since moving it costs more than all of this.
    pub(crate) fn finish(recording: &mut Option<Self>, outcome: Outcome) {
        if let Some(Self(unfinished)) = recording {
            unfinished.key.ending.set_outcome(outcome);
            *recording = None;
        }
    }

    pub(crate) fn is_panic(&self) -> bool {
        self.0.key.ending.outcome() == Outcome::Panic
    }
}

/// The way of a gRPC call.
impl Started {
    /// Where the gauge counts it.
    fn gauge(&self) -> RouteId {
        let known = self.start.route();
        known.unwrap_or_else(|| self.shared.routes.calls().gauge(self.start))
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
        // Unless the response named another route.
        if self.key.route == self.gauge() && !store.is_full() {
            if let Some(path) = routes.calls().path(self.start) {
                self.key.route = routes.prove(&path);
            }
        }
    }

    /// Decides what is still open at the end, and where it started.
    #[inline(never)]
    fn end_call(&mut self, nanos: u64) -> RouteId {
        let gauge = self.gauge();
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
        self.shared.routes.calls().release(self.start);
        gauge
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
struct Panicking<'a>(&'a mut Option<Recording>);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        if let Some(Recording(started)) = self.0 {
            started.key.ending.set_outcome(Outcome::Panic);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let Self(started) = self;
        let Shared { clock, store, .. } = started.shared;
        let nanos = clock.delta_as_nanos(started.at, clock.raw());
        let gauge = match started.start.route() {
            Some(route) if !started.key.ending.is_call() => route,
            _ => started.end_call(nanos),
        };
        store.end(started.key, gauge, nanos);
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RequestKey { status, ending, .. } = self.0.key;
        f.debug_struct("Recording")
            .field("status", &status)
            .field("outcome", &ending.outcome())
            .finish_non_exhaustive()
    }
}
