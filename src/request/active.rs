use super::{
    Amounts, Completion, Outcome, Recorder, RequestKey, TraceId,
    call::{Call, End},
};
use crate::{
    label::{LabelSet, Method, Scheme, Status, UserValues, Version},
    store::Active,
};
use std::{
    cell::Cell,
    sync::atomic::{AtomicU8, Ordering},
};

/// A request that was started and has not ended.
pub(super) struct ActiveRequest {
    pub(super) state: State,
    /// `Some` if its headers say that it is a gRPC call.
    pub(super) call: Option<Call>,
    /// `Some` if it may become an exemplar.
    pub(super) trace: Option<TraceId>,
    /// In a spare box: the next one, and how many there are from here on.
    next_spare: Option<Box<Self>>,
    spares: u32,
}

/// What is known of every request, gRPC or not.
pub(super) struct State {
    pub(super) recorder: &'static Recorder,
    /// Where the gauge counts it.
    pub(super) active: Active,
    /// A raw reading of the recorder's clock.
    pub(super) started_at: u64,
    /// What it is counted under, unless it is a gRPC call.
    pub(super) labels: LabelSet,
    /// The values of the user's labels.
    pub(super) values: UserValues,
    pub(super) method: Method,
    pub(super) version: Version,
    pub(super) scheme: Scheme,
    pub(super) status: Option<Status>,
    /// Whether its route is declared as a stream: nobody waits for the end of its response.
    pub(super) stream: bool,
    pub(super) seen: Seen,
    /// How many of the declared bytes of the body have not passed yet, or [`UNDECLARED`].
    pub(super) remaining: u64,
    /// How long the head took, if the response is a stream.
    pub(super) head_nanos: Option<u64>,
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

    /// A guard around inner code. If that does not panic, the caller forgets the guard.
    pub(super) fn panicking(&self) -> SeenPanicking<'_> {
        SeenPanicking(self)
    }
}

/// Notes a panic when it is dropped. Only unwinding drops it.
pub(super) struct SeenPanicking<'a>(&'a Seen);

impl Drop for SeenPanicking<'_> {
    fn drop(&mut self) {
        self.0.0.store(PANICKED, Ordering::Relaxed);
    }
}

thread_local! {
    /// Boxes that requests of this thread left, so that the next ones allocate nothing.
    static SPARE: Cell<Option<Box<ActiveRequest>>> = const { Cell::new(None) };
}

/// How many a thread keeps. Where requests always end on another thread than they start on, the boxes collect on the
/// thread where they end. It frees those beyond this number, so that memory stays bounded.
const MAX_SPARE: u32 = 512;

impl ActiveRequest {
    /// A request in a spare box, or in a new one. The other fields still have the values of the box's last request:
    /// the caller sets them.
    #[inline]
    pub(super) fn new(recorder: &'static Recorder, active: Active) -> Box<Self> {
        let spare = SPARE.try_with(|spare| {
            let mut first = spare.take()?;
            spare.set(first.next_spare.take());
            Some(first)
        });
        let Ok(Some(mut spare)) = spare else {
            return Self::allocate(recorder, active);
        };
        spare.state.recorder = recorder;
        spare.state.active = active;
        spare
    }

    #[cold]
    fn allocate(recorder: &'static Recorder, active: Active) -> Box<Self> {
        Box::new(Self {
            state: State {
                recorder,
                active,
                started_at: 0,
                labels: LabelSet { id: 0, overflow: 0 },
                values: 0,
                method: Method::from_number(0),
                version: Version::NONE,
                scheme: Scheme::None,
                status: None,
                stream: false,
                seen: Seen::default(),
                remaining: UNDECLARED,
                head_nanos: None,
            },
            call: None,
            trace: None,
            next_spare: None,
            spares: 0,
        })
    }

    /// Leaves the box to a later request of this thread.
    #[inline]
    fn recycle(mut self: Box<Self>) {
        // A thread that is ending keeps none.
        let _ = SPARE.try_with(|spare| {
            let next = spare.take();
            self.spares = next.as_ref().map_or(0, |next| next.spares) + 1;
            self.next_spare = next;
            if self.spares <= MAX_SPARE {
                spare.set(Some(self));
            } else {
                spare.set(self.next_spare.take());
            }
        });
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
        let nanos = match self.state.head_nanos {
            Some(nanos) => nanos,
            None => self.elapsed(),
        };
        let (outcome, left) = match (outcome, *self.state.seen.0.get_mut()) {
            (_, PANICKED) => (Outcome::Panic, false),
            // A stream has no other end than that the client leaves.
            (Outcome::Cancelled, _) if self.state.head_nanos.is_some() => (Outcome::Complete, true),
            (outcome, _) => (outcome, false),
        };
        let mut code = None;
        if let Some(call) = self.call.take() {
            let end = End {
                outcome,
                left,
                status: self.state.status,
                nanos,
            };
            code = call.end(&end, self.state.recorder, &mut self.state.labels);
        }
        let state = &mut self.state;
        if state.values > 0 {
            let routes = &state.recorder.routes;
            state.labels = routes.with_values(state.labels, state.values);
        }
        let key = RequestKey {
            labels: 0,
            method: state.method,
            version: state.version,
            scheme: state.scheme,
            status: state.status,
            completion: Completion { outcome, code },
        };
        let finished = state.recorder.store.finish(key.with_labels(state.labels));
        finished.observe(Amounts::DURATION, nanos);
        if let Some(trace) = self.trace.take() {
            finished.exemplify(Amounts::DURATION, nanos, trace.number());
        }
        finished.end(self.state.active);
        self.recycle();
    }
}
