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
        let key = self.key(Completion::new(outcome));
        match self.near(key) {
            Some(finished) => self.count(finished, nanos),
            None => self.count_far(key, nanos),
        }
    }

    #[inline(never)]
    fn count_far(self: Box<Self>, key: Key, nanos: u64) {
        let finished = self.state.recorder.store.finish(key);
        self.count(finished, nanos);
    }

    #[inline(always)]
    fn count(self: Box<Self>, finished: Finished, nanos: u64) {
        finished.observe(Amounts::DURATION, nanos);
        if let Some(active) = self.state.active {
            finished.end(active);
        }
        self.keep();
    }

    /// Counts a request with more to count than its duration, or with an ending of its own, such as a call or a stream.
    #[inline(never)]
    fn finish_special(mut self: Box<Self>, outcome: Outcome) {
        let own_way = Flags::COMPLETION.and(Flags::PANICKED);
        let (completion, nanos) = match self.state.flags.has(own_way) {
            true => self.complete(outcome),
            false => (Completion::new(outcome), self.elapsed()),
        };
        let key = self.key(completion);
        let near = self.near(key);
        let finished = near.unwrap_or_else(|| self.state.recorder.store.finish(key));
        if self.state.flags.has(Flags::AMOUNTS) {
            self.observe(finished, nanos);
        }
        self.count(finished, nanos);
    }

    #[inline(always)]
    fn key(&self, completion: Completion) -> Key {
        let state = &self.state;
        let key = state.key.with_completion(completion);
        key.with_labels(state.route.labels)
    }

    /// Where it is counted, if that is quickly found.
    #[inline(always)]
    fn near(&self, key: Key) -> Option<Finished> {
        let active = self.state.active?;
        self.state.recorder.store.finish_near(key.key, active)
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
                finished.observe(measure, extras.response_start);
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
