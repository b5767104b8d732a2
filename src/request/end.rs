//! How a request ends.

use super::{
    Amounts, Completion, Outcome, Recording, active::ActiveRequest, call::End, flags::Flags,
};
use crate::store::{Finished, Key};

impl Recording {
    /// Whether the request is counted already, or never will be.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }

    /// Counts the request, unless it is counted already.
    #[inline]
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        if let Some(active) = self.0.take() {
            active.finish(outcome);
        }
    }
}

impl ActiveRequest {
    /// Counts a request whose owner dropped it without saying how it ended.
    pub(super) fn abandon(self: Box<Self>) {
        let outcome = match self.state.flags.has(Flags::ENDED) {
            true => Outcome::Complete,
            false => Outcome::Cancelled,
        };
        self.finish(outcome);
    }

    /// Counts the request.
    // What only some requests need is called last: values that live across calls cost the others 25 instructions.
    #[inline(never)]
    fn finish(self: Box<Self>, outcome: Outcome) {
        if self.state.flags.has(Flags::END) {
            return self.finish_special(outcome);
        }
        let nanos = self.elapsed();
        self.count(Completion::new(outcome), nanos);
    }

    /// Counts a call, a stream, or a request whose body has panicked.
    #[inline(never)]
    fn finish_special(mut self: Box<Self>, outcome: Outcome) {
        let (completion, nanos) = self.complete(outcome);
        self.count(completion, nanos);
    }

    #[inline(always)]
    fn count(self: Box<Self>, completion: Completion, nanos: u64) {
        let state = &self.state;
        let key = state.key.with_completion(completion);
        let key = key.with_labels(state.route.labels);
        match state.recorder.store.finish_near(key.key, state.active) {
            Some(finished) => self.count_under(finished, nanos),
            None => self.count_far(key, nanos),
        }
    }

    #[inline(never)]
    fn count_far(self: Box<Self>, key: Key, nanos: u64) {
        let state = &self.state;
        let finished = state.recorder.store.finish(key, state.active);
        self.count_under(finished, nanos);
    }

    #[inline(always)]
    fn count_under(self: Box<Self>, finished: Finished, nanos: u64) {
        finished.observe(Amounts::DURATION, nanos);
        if self.state.flags.has(Flags::AMOUNTS) {
            self.observe(finished, nanos);
        }
        self.slot.clear();
        self.keep();
    }

    /// How a call, a stream, or one that panicked ended, and how many nanoseconds it took.
    #[inline(never)]
    fn complete(&mut self, outcome: Outcome) -> (Completion, u64) {
        let head_nanos = self.head_nanos.take();
        let nanos = head_nanos.unwrap_or_else(|| self.elapsed());
        let state = &mut self.state;
        let (outcome, left) = match outcome {
            _ if state.flags.has(Flags::PANICKED) => (Outcome::Panic, false),
            // The only end of a stream is that the client leaves.
            Outcome::Cancelled if head_nanos.is_some() => (Outcome::Complete, true),
            outcome => (outcome, false),
        };
        let mut completion = Completion::new(outcome);
        if let Some(call) = self.call.take() {
            let end = End {
                outcome,
                left,
                status: state.key.status(),
                nanos,
            };
            completion.code = call.end(&end, state.recorder, &mut state.route.labels);
        }
        (completion, nanos)
    }

    /// Counts what is measured beside the duration, and offers the duration as an exemplar.
    #[inline(always)]
    fn observe(&self, finished: Finished, nanos: u64) {
        let Self { state, extras, .. } = self;
        let amounts = &state.recorder.amounts;
        if state.key.status().is_some() {
            let started = !state.flags.has(Flags::FIRST_BYTE);
            if let Some(measure) = amounts.response_start.filter(|_| started) {
                finished.observe(measure, state.nanos_to(extras.response_started_at));
            }
            if let Some(measure) = amounts.response_body {
                finished.observe(measure, state.declared - state.remaining);
            }
        }
        if state.recorder.asks_extras {
            self.observe_request(finished, nanos);
        }
    }

    fn observe_request(&self, finished: Finished, nanos: u64) {
        let Self { state, extras, .. } = self;
        let measure = state.recorder.amounts.request_body;
        if let (Some(measure), Some(bytes)) = (measure, extras.request_body) {
            finished.observe(measure, bytes);
        }
        if let Some(trace) = extras.trace {
            finished.exemplify(Amounts::DURATION, nanos, trace.number());
        }
    }
}
