use super::{
    Amounts, Completion, Outcome, Recorder,
    call::{Call, End},
    extras::Extras,
    key::PackedKey,
    spare::{self, Spare},
};
use crate::{
    label::{Route, UserValues},
    store::{Active, Finished, Key},
};
use std::sync::atomic::{AtomicU8, Ordering};

/// A request that was started and has not ended. All but its `state` only some requests have, and a spare box has none
/// of it: whoever counts the request takes it out.
pub(super) struct ActiveRequest {
    pub(super) state: State,
    /// `Some` if its headers say that it is a gRPC call.
    pub(super) call: Option<Call>,
    pub(super) extras: Extras,
    /// The values of the user's labels, if the layer has any.
    pub(super) values: UserValues,
    /// How long the head took, if the response is a stream.
    pub(super) head_nanos: Option<u64>,
}

/// What every request has.
pub(super) struct State {
    pub(super) recorder: &'static Recorder,
    /// Where the gauge counts it. `None` if there was no room for its key.
    pub(super) active: Option<Active>,
    /// A raw reading of the recorder's clock.
    pub(super) started_at: u64,
    /// What it is counted under, unless it is a gRPC call.
    pub(super) route: Route,
    /// The number of the combination that the values of the user's labels are.
    pub(super) combination: u32,
    pub(super) key: PackedKey,
    /// Whether this is all that there is to know of it. One look at it, in place of one at each of the others, takes 20
    /// instructions less.
    pub(super) is_plain: bool,
    pub(super) seen: Seen,
    /// How many of the declared bytes of the body have not passed yet, or [`UNDECLARED`]. Set with the head.
    pub(super) remaining: u64,
}

/// More bytes than any body has, so that they never run out.
pub(super) const UNDECLARED: u64 = u64::MAX;

/// What the body's `&self` methods have shown. They only have a shared reference, so it is atomic.
#[derive(Debug, Default)]
pub(super) struct Seen(AtomicU8);

const ENDED: u8 = 1;
const PANICKED: u8 = 2;

impl Seen {
    pub(super) fn end(&self) {
        self.0.fetch_max(ENDED, Ordering::Relaxed);
    }

    pub(super) fn panic(&self) {
        self.0.store(PANICKED, Ordering::Relaxed);
    }
}

thread_local! {
    /// Boxes that requests of this thread left.
    static SPARE: Spare<ActiveRequest> = const { Spare::new() };
}

impl ActiveRequest {
    /// A request in a spare box, or in a new one. Its state, but for what is given here, may be that of the box's last
    /// request: the caller sets it.
    #[inline]
    pub(super) fn new(recorder: &'static Recorder, route: &Route, key: PackedKey) -> Box<Self> {
        let Some(mut spare) = spare::take(&SPARE) else {
            return Self::allocate(recorder, route, key);
        };
        let state = &mut spare.state;
        state.recorder = recorder;
        state.route = *route;
        state.combination = 0;
        state.key = key;
        state.is_plain = true;
        state.seen = Seen::default();
        spare
    }

    #[cold]
    fn allocate(recorder: &'static Recorder, route: &Route, key: PackedKey) -> Box<Self> {
        Box::new(Self {
            state: State {
                recorder,
                active: None,
                started_at: 0,
                route: *route,
                combination: 0,
                key,
                is_plain: true,
                seen: Seen::default(),
                remaining: UNDECLARED,
            },
            call: None,
            extras: Extras::default(),
            values: 0,
            head_nanos: None,
        })
    }

    /// Gives it values of the user's labels.
    pub(super) fn label(&mut self, values: UserValues) {
        let Recorder { routes, store, .. } = self.state.recorder;
        self.values = values;
        self.state.combination = routes.combination(values, || store.is_full());
    }

    pub(super) fn elapsed(&self) -> u64 {
        let clock = &self.state.recorder.clock;
        clock.delta_as_nanos(self.state.started_at, clock.raw())
    }

    /// Counts a request whose owner dropped it without saying how it ended.
    pub(super) fn abandon(mut self: Box<Self>) {
        let outcome = match *self.state.seen.0.get_mut() {
            ENDED => Outcome::Complete,
            _ => Outcome::Cancelled,
        };
        self.finish(outcome);
    }

    /// Counts the request.
    #[inline(never)]
    pub(super) fn finish(mut self: Box<Self>, outcome: Outcome) {
        let state = &mut self.state;
        if !state.is_plain || *state.seen.0.get_mut() == PANICKED {
            return self.finish_special(outcome);
        }
        let nanos = self.elapsed();
        let state = &self.state;
        let key = state.key.with_completion(Completion::new(outcome));
        let key = key.with_labels(state.route.labels, state.combination);
        let near = state
            .active
            .and_then(|active| state.recorder.store.finish_near(key.key, active));
        match near {
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
        spare::keep(&SPARE, self);
    }

    /// Counts one that is more than plain.
    #[inline(never)]
    fn finish_special(mut self: Box<Self>, outcome: Outcome) {
        let is_call = self.call.is_some() || self.head_nanos.is_some();
        match is_call || *self.state.seen.0.get_mut() == PANICKED {
            true => self.finish_call(outcome),
            false => {
                let nanos = self.elapsed();
                self.count_special(Completion::new(outcome), nanos);
            }
        }
    }

    // Not together with the others, which take 60 instructions more then.
    #[inline(never)]
    fn finish_call(mut self: Box<Self>, outcome: Outcome) {
        let (completion, nanos) = self.complete(outcome);
        self.count_special(completion, nanos);
    }

    /// Counts one with all that the layer measures.
    #[inline(always)]
    fn count_special(self: Box<Self>, completion: Completion, nanos: u64) {
        let state = &self.state;
        let (recorder, active) = (state.recorder, state.active);
        let key = state.key.with_completion(completion);
        let key = key.with_labels(state.route.labels, state.combination);
        let near = active.and_then(|active| recorder.store.finish_near(key.key, active));
        let finished = near.unwrap_or_else(|| recorder.store.finish(key));
        if recorder.has_extras {
            self.extras.observe(recorder, finished, nanos);
        }
        self.count(finished, nanos);
    }

    /// How a call, a stream, or one that panicked ended, and how many nanoseconds it took.
    #[inline]
    fn complete(&mut self, outcome: Outcome) -> (Completion, u64) {
        let head_nanos = self.head_nanos.take();
        let nanos = head_nanos.unwrap_or_else(|| self.elapsed());
        let state = &mut self.state;
        let (outcome, left) = match (outcome, *state.seen.0.get_mut()) {
            (_, PANICKED) => (Outcome::Panic, false),
            // A stream has no other end than that the client leaves.
            (Outcome::Cancelled, _) if head_nanos.is_some() => (Outcome::Complete, true),
            (outcome, _) => (outcome, false),
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
}
