use super::{Amounts, Recorder, TraceId};
use crate::store::Finished;

/// What only some layers want to know of a request. For the others, it still has the values of the box's last request.
#[derive(Default)]
pub(super) struct Extras {
    /// `Some` if it may become an exemplar.
    pub(super) trace: Option<TraceId>,
    /// How long the response took to start, in nanoseconds.
    pub(super) response_start: Option<u64>,
    /// How many bytes of the response's body passed. `None` without a response.
    pub(super) response_body: Option<u64>,
    /// How many bytes the request's body has.
    pub(super) request_body: Option<u64>,
}

impl Extras {
    /// Counts what is measured beside the duration, and offers the duration as an exemplar.
    #[inline(never)]
    pub(super) fn observe(&self, recorder: &Recorder, finished: Finished, nanos: u64) {
        let amounts = &recorder.amounts;
        if let (Some(measure), Some(amount)) = (amounts.response_start, self.response_start) {
            finished.observe(measure, amount);
        }
        if let (Some(measure), Some(amount)) = (amounts.response_body, self.response_body) {
            finished.observe(measure, amount);
        }
        if let (Some(measure), Some(amount)) = (amounts.request_body, self.request_body) {
            finished.observe(measure, amount);
        }
        if let Some(trace) = self.trace {
            finished.exemplify(Amounts::DURATION, nanos, trace.number());
        }
    }
}
