use super::TraceId;

/// What only some layers need to know about a request. For other layers, these are left from the box's last request.
#[derive(Default)]
pub(super) struct Extras {
    /// `Some` if it may become an exemplar.
    pub(super) trace: Option<TraceId>,
    /// How many bytes the request's body has, if it says so.
    pub(super) request_body: Option<u64>,
    /// When the response started: a raw reading of the recorder's clock. Set once it has.
    pub(super) response_started_at: u64,
}
