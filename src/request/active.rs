use super::{
    Recorder,
    call::Call,
    extras::Extras,
    flags::SharedFlags,
    key::PackedKey,
    spare::{self, Pool, Spare},
};
use crate::{
    label::{Route, UserValues},
    store::{Active, Slot},
};

/// A request that was started and has not ended. Only some requests have more than a `state`.
///
/// A spare box has no call and no stream's head, and its slot shows nothing: counting a request sees to that. The rest is still that of its last
/// request, and whoever reads it has to set it before.
pub(super) struct ActiveRequest {
    pub(super) state: State,
    /// `Some` if its headers say that it is a gRPC call.
    pub(super) call: Option<Call>,
    pub(super) extras: Extras,
    /// The values of the user's labels. Only set if the layer has any, and asks requests.
    pub(super) values: UserValues,
    /// Where the gauge sees the request.
    pub(super) slot: Slot,
    /// How long the head took, if the response is a stream.
    pub(super) head_nanos: Option<u64>,
}

/// What every request has.
pub(super) struct State {
    pub(super) recorder: &'static Recorder,
    /// What the gauge counts it under. `None` if there was no room for its key.
    pub(super) active: Option<Active>,
    /// A raw reading of the recorder's clock.
    pub(super) started_at: u64,
    /// What it is counted under, unless it is a gRPC call.
    pub(super) route: Route,
    pub(super) key: PackedKey,
    pub(super) flags: SharedFlags,
    /// How many bytes the body has, or [`UNDECLARED`]. Set with the head.
    pub(super) declared: u64,
    /// How many of these have not passed yet.
    pub(super) remaining: u64,
}

impl State {
    /// The nanoseconds from its start to a raw reading of the clock.
    pub(super) fn nanos_to(&self, reading: u64) -> u64 {
        let clock = &self.recorder.clock;
        clock.delta_as_nanos(self.started_at, reading)
    }
}

/// More bytes than any body has, so that they never run out.
pub(super) const UNDECLARED: u64 = u64::MAX;

thread_local! {
    /// Boxes that requests of this thread left.
    static SPARE: Spare<ActiveRequest> = const { Spare::new() };
}

/// Boxes that requests of all threads left.
static POOL: Pool<ActiveRequest> = Pool::new();

impl ActiveRequest {
    /// A request in a spare box, or in a new one. State that is not given here may be left from the box's last request:
    /// the caller must set it.
    #[inline]
    pub(super) fn new(recorder: &'static Recorder, route: &Route, key: PackedKey) -> Box<Self> {
        let Some(mut spare) = spare::take(&SPARE, &POOL) else {
            return Self::allocate(recorder, route, key);
        };
        let state = &mut spare.state;
        state.recorder = recorder;
        state.route = *route;
        state.key = key;
        state.flags = SharedFlags::new(recorder.flags);
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
                key,
                flags: SharedFlags::new(recorder.flags),
                declared: UNDECLARED,
                remaining: UNDECLARED,
            },
            call: None,
            extras: Extras::default(),
            values: 0,
            slot: Slot::new(),
            head_nanos: None,
        })
    }

    /// Gives it values of the user's labels.
    #[inline]
    pub(super) fn label(&mut self, values: UserValues) {
        let Recorder { routes, store, .. } = self.state.recorder;
        self.values = values;
        let combination = routes.combination(values, || store.is_full());
        self.state.key = self.state.key.with_combination(combination);
    }

    pub(super) fn elapsed(&self) -> u64 {
        self.state.nanos_to(self.state.recorder.clock.raw())
    }

    /// Keeps the box for the thread's next request.
    #[inline(always)]
    pub(super) fn keep(self: Box<Self>) {
        spare::keep(&SPARE, &POOL, self);
    }
}
