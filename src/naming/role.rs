use crate::{
    label::Status,
    request::{Code, Outcome},
};

/// Which side of a request is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Server,
    Client,
}

impl Role {
    /// What is shown as the status of a request that ended before there was one.
    pub(super) fn no_status(self, outcome: Outcome) -> Status {
        match (self, outcome) {
            (Self::Client, _) => Status::NONE,
            (Self::Server, Outcome::Cancelled) => Status::CLIENT_CLOSED,
            (Self::Server, _) => Status::INTERNAL,
        }
    }

    /// Whether that status is an error: a 5xx, and for a client a 4xx, too.
    pub(super) fn is_error(self, status: Status) -> bool {
        status.is_server_error() || (self == Self::Client && status.is_client_error())
    }

    /// Whether a gRPC call with that code is an error.
    pub(super) fn is_code_error(self, code: Code) -> bool {
        match self {
            Self::Server => code.is_server_error(),
            Self::Client => code != Code::OK,
        }
    }
}
