use super::Role;
use crate::{
    label::Status,
    request::{Code, Outcome},
    sync::caught,
};
use http::StatusCode;
use std::sync::Arc;

type IsStatusError = dyn Fn(StatusCode) -> bool + Send + Sync;
type IsCodeError = dyn Fn(&str) -> bool + Send + Sync;

/// The user's functions that say what is an error.
#[derive(Clone, Default)]
pub(crate) struct ErrorFunctions {
    pub(crate) statuses: Option<Arc<IsStatusError>>,
    pub(crate) codes: Option<Arc<IsCodeError>>,
}

/// What counts as an error. It is asked once for each key, when a scrape first sees that.
#[derive(Clone, Default)]
pub(crate) struct Errors {
    pub(super) role: Role,
    pub(super) functions: ErrorFunctions,
}

impl Errors {
    /// Whether that status is an error: a 5xx, and for a client a 4xx, too.
    pub(super) fn is_error(&self, status: Status) -> bool {
        let by_default =
            status.is_server_error() || (self.role == Role::Client && status.is_client_error());
        let asked = self.functions.statuses.as_ref().and_then(|is_error| {
            let known = Some(status).filter(|status| status.is_known())?;
            let code = StatusCode::from_u16(known.number()).ok()?;
            caught(|| is_error(code))
        });
        asked.unwrap_or(by_default)
    }

    /// Whether a gRPC call with that code is an error.
    pub(super) fn is_code_error(&self, code: Code) -> bool {
        let by_default = match self.role {
            Role::Server => code.is_server_error(),
            Role::Client => code != Code::OK,
        };
        let asked = self.functions.codes.as_ref().and_then(|is_error| {
            // Whoever invents a method is at fault, whatever the code.
            let known = Some(code).filter(|code| *code != Code::UNKNOWN_METHOD)?;
            caught(|| is_error(known.as_str()))
        });
        asked.unwrap_or(by_default)
    }

    /// What is shown as the status of a request that ended before there was one.
    pub(super) fn no_status(&self, outcome: Outcome) -> Status {
        match (self.role, outcome) {
            (Role::Client, _) => Status::NONE,
            (Role::Server, Outcome::Cancelled) => Status::CLIENT_CLOSED,
            (Role::Server, _) => Status::INTERNAL,
        }
    }
}
