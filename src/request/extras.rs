use super::{Amounts, TraceId};
use crate::store::Finished;

/// What only some layers want to know of a request.
#[derive(Default)]
pub(super) struct Extras {
    /// `Some` if it may become an exemplar.
    pub(super) trace: Option<TraceId>,
    /// How long the response took to start, in nanoseconds.
    pub(super) response_start: Option<u64>,
    /// How many bytes of the response's body were to pass when it began. `None` without a response.
    pub(super) to_pass: Option<u64>,
    /// How many bytes the request's body has.
    pub(super) request_body: Option<u64>,
}

impl Extras {
    /// Counts them beside the duration. `left` is how many bytes of the response's body have not passed.
    pub(super) fn observe(&self, amounts: &Amounts, finished: Finished, nanos: u64, left: u64) {
        let passed = self.to_pass.map(|bytes| bytes.saturating_sub(left));
        for (measure, amount) in [
            (amounts.response_start, self.response_start),
            (amounts.response_body, passed),
            (amounts.request_body, self.request_body),
        ] {
            if let (Some(measure), Some(amount)) = (measure, amount) {
                finished.observe(measure, amount);
            }
        }
        if let Some(trace) = self.trace {
            finished.exemplify(Amounts::DURATION, nanos, trace.number());
        }
    }
}
