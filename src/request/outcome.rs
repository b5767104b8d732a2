use super::Code;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// The last frame of the response was handed to the server, or the client left a stream.
    Complete,
    /// Dropped before its end: before the head if there is no status yet, else in the body.
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

/// How a request ended, and its code if it was a gRPC call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) outcome: Outcome,
    pub(crate) code: Option<Code>,
}

impl Completion {
    /// How a request ended that was no gRPC call.
    pub(super) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            code: None,
        }
    }
}
