use super::Errors;
use crate::request::{Code, Outcome, RequestKey};

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

impl Reason {
    /// Why a request is an error: the first reason that applies. `None` if it is no error.
    pub(super) fn of_error(errors: &Errors, key: RequestKey) -> Option<Self> {
        match key.completion.outcome {
            Outcome::Panic => return Some(Self::Panic),
            Outcome::ServiceError => return Some(Self::Service),
            Outcome::BodyError => return Some(Self::Body),
            // A client may leave for any reason. Only if the deadline has passed, the server was too slow.
            Outcome::Cancelled if key.completion.code != Some(Code::DEADLINE_EXCEEDED) => {
                return None;
            }
            Outcome::Cancelled | Outcome::Complete => {}
        }
        let status = key.status.is_some_and(|status| errors.is_error(status));
        let code = key.completion.code;
        let code = code.is_some_and(|code| errors.is_code_error(code));
        match (status, code) {
            (true, _) => Some(Self::Status),
            (false, true) => Some(Self::Code),
            (false, false) => None,
        }
    }

    /// What the client still waited for when a request was cancelled. `None` if it was not cancelled, or is an error.
    pub(super) fn of_cancellation(errors: &Errors, key: RequestKey) -> Option<Self> {
        let is_cancelled = key.completion.outcome == Outcome::Cancelled;
        let is_error = || Self::of_error(errors, key).is_some();
        (is_cancelled && !is_error()).then_some(match key.status {
            None => Self::Head,
            Some(_) => Self::Body,
        })
    }

    /// Why a request is an error, or that it was cancelled. `None` if neither.
    pub(super) fn of_failure(errors: &Errors, key: RequestKey) -> Option<Self> {
        let cancelled = || Self::of_cancellation(errors, key).map(|_| Self::Cancelled);
        Self::of_error(errors, key).or_else(cancelled)
    }

    /// Why a gRPC call is an error, or the code of one that was dropped. `None` if neither.
    pub(super) fn of_failed_call(errors: &Errors, key: RequestKey, code: Code) -> Option<Self> {
        match key.completion.outcome {
            _ if code == Code::OK => None,
            Outcome::Panic => Some(Self::Panic),
            Outcome::ServiceError => Some(Self::Service),
            Outcome::BodyError => Some(Self::Body),
            Outcome::Cancelled => Some(Self::Code),
            Outcome::Complete => errors.is_code_error(code).then_some(Self::Code),
        }
    }
}
