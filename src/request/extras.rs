use super::TraceId;

/// What only some layers need to know about a request. For other layers, these are left from the box's last request.
#[derive(Default)]
pub(super) struct Extras {
    /// `Some` if it may become an exemplar.
    pub(super) trace: Option<TraceId>,
    /// How many bytes the request's body has, if it says so.
    pub(super) request_body: Option<u64>,
    /// How long the response took to start, in nanoseconds. Set once it has.
    pub(super) response_start: u64,
}
