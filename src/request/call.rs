use super::{Code, Outcome, Recorder, grpc};
use crate::label::{CallRoute, LabelSet, Route, Status};
use http::HeaderMap;

/// What is known of a request whose headers say that it is a gRPC call.
#[derive(Debug)]
pub(super) struct Call {
    route: CallRoute,
    /// `None` until there is a response.
    answer: Option<Answer>,
    /// The last status that was sent.
    code: Option<Code>,
    /// How long the client waits, in nanoseconds.
    timeout: Option<u64>,
    /// Whether the response names another route.
    overruled: bool,
}

/// What the response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Grpc,
    /// Not gRPC. A client's call may have been answered by a proxy in front of the server.
    PlainHttp,
}

/// How a call ended.
pub(super) struct End {
    pub(super) outcome: Outcome,
    /// Whether it was a stream that the client left.
    pub(super) left: bool,
    pub(super) status: Option<Status>,
    pub(super) nanos: u64,
}

impl End {
    fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| status.number() == 200)
    }
}

impl Call {
    pub(super) fn new(route: CallRoute, headers: &HeaderMap) -> Self {
        Self {
            route,
            answer: None,
            code: None,
            timeout: grpc::timeout(headers),
            overruled: false,
        }
    }

    /// The route that it is counted under, unless the response names another one.
    pub(super) fn route(&self) -> Route {
        self.route.route
    }

    /// Whether the response is one of gRPC.
    pub(super) fn is_grpc(&self) -> bool {
        self.answer == Some(Answer::Grpc)
    }

    /// Reads the head of the response. `false` if it shows that this is no gRPC call.
    #[inline]
    pub(super) fn record_head(&mut self, headers: &HeaderMap) -> bool {
        if grpc::is_grpc(headers) {
            self.answer = Some(Answer::Grpc);
            self.record_status(headers);
            return true;
        }
        self.answer = Some(Answer::PlainHttp);
        self.route.outgoing
    }

    /// Reads the status from the head or the trailers of a gRPC response.
    pub(super) fn record_status(&mut self, headers: &HeaderMap) {
        if self.is_grpc() {
            self.code = Code::from_headers(headers).or(self.code);
        }
    }

    pub(super) fn overrule(&mut self) {
        self.overruled = true;
    }

    /// Decides what the request is counted under, and which code it has. `None` if it counts as plain HTTP.
    #[inline]
    pub(super) fn end(self, end: &End, recorder: &Recorder, labels: &mut LabelSet) -> Option<Code> {
        if self.answer.is_none() {
            if !self.route.known {
                return None;
            }
            *labels = self.route.route.labels;
        }
        let code = self.code(end);
        let Self {
            route, overruled, ..
        } = self;
        if overruled {
            return Some(code);
        }
        if let Some(path) = route.unproven {
            let is_proof = end.outcome == Outcome::Complete && self.code == Some(Code::OK);
            if is_proof && !recorder.store.is_full() {
                *labels = recorder.routes.prove(&path).labels;
            }
        }
        match code {
            Code::UNIMPLEMENTED if route.unknown_method => Some(Code::UNKNOWN_METHOD),
            code => Some(code),
        }
    }

    fn code(&self, end: &End) -> Code {
        match end.outcome {
            Outcome::Complete if end.left && self.is_grpc() && end.is_ok() => {
                self.code.unwrap_or(Code::OK)
            }
            Outcome::Complete => self
                .code
                .or_else(|| end.status.map(Code::from_status))
                .unwrap_or(Code::UNKNOWN),
            Outcome::Cancelled if self.timeout.is_some_and(|timeout| end.nanos >= timeout) => {
                Code::DEADLINE_EXCEEDED
            }
            Outcome::Cancelled => Code::CANCELLED,
            Outcome::BodyError | Outcome::ServiceError | Outcome::Panic => Code::UNKNOWN,
        }
    }
}
