use super::{calls::Start, route::RouteId};
use crate::TraceId;
use http::{Request, request::Parts};
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

/// Which trace a request belongs to.
pub(crate) type TraceOf = Box<dyn Fn(&Parts) -> Option<TraceId> + Send + Sync>;

/// How requests become exemplars.
pub(crate) struct Tracing {
    of: TraceOf,
    pub(crate) kept: Traces,
}

impl Tracing {
    pub(crate) fn new(of: TraceOf) -> Self {
        Self {
            of,
            kept: Traces::new(),
        }
    }

    /// Asks what the builder was given. If that panics, there is no trace: the request goes on.
    pub(crate) fn of<B>(&self, request: &mut Request<B>) -> Option<TraceId> {
        let mut parts = Request::new(()).into_parts().0;
        swap(&mut parts, request);
        let id = catch_unwind(AssertUnwindSafe(|| (self.of)(&parts)));
        swap(&mut parts, request);
        id.ok().flatten()
    }
}

/// Lends a request's head, which cannot be had as parts without taking the body.
fn swap<B>(parts: &mut Parts, request: &mut Request<B>) {
    mem::swap(&mut parts.method, request.method_mut());
    mem::swap(&mut parts.uri, request.uri_mut());
    mem::swap(&mut parts.version, request.version_mut());
    mem::swap(&mut parts.headers, request.headers_mut());
    mem::swap(&mut parts.extensions, request.extensions_mut());
}

/// More requests in flight than that go without an exemplar.
const SLOTS: usize = 4_096;
/// How many slots a request looks at.
const TRIES: usize = 8;

/// The traces of requests in flight, from start to end.
///
/// Beside the requests and not in them, which most layers would pay for in vain.
#[derive(Debug)]
pub(crate) struct Traces {
    slots: Box<[Slot]>,
}

#[derive(Debug, Default)]
struct Slot {
    taken: AtomicBool,
    gauge: AtomicU32,
    id: [AtomicU64; 2],
}

impl Traces {
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Slot::default()).collect(),
        }
    }

    /// Keeps a trace until [`release`](Self::release), and the route that the gauge counts the request under.
    /// `None` if there is no room.
    pub(crate) fn keep(&self, id: TraceId, gauge: RouteId) -> Option<Start> {
        // As good as random, so that threads seldom meet.
        let [_, lower] = id.halves();
        let tries = (0..TRIES).map(|step| (lower as usize).wrapping_add(step) % SLOTS);
        let index = tries.into_iter().find(|index| self.slots[*index].take())?;
        let slot = &self.slots[index];
        slot.gauge.store(gauge.number(), Ordering::Relaxed);
        for (half, value) in slot.id.iter().zip(id.halves()) {
            half.store(value, Ordering::Relaxed);
        }
        Some(Start::traced(index as u32))
    }

    /// What a request was kept with.
    pub(crate) fn get(&self, start: Start) -> Option<(TraceId, RouteId)> {
        let slot = self.slots.get(start.trace()?)?;
        let [upper, lower] = &slot.id;
        let halves = [upper, lower].map(|half| half.load(Ordering::Relaxed));
        let gauge = RouteId::from_number(slot.gauge.load(Ordering::Relaxed));
        Some((TraceId::from_halves(halves)?, gauge))
    }

    /// Forgets the trace of a request that ended.
    pub(crate) fn release(&self, start: Start) {
        if let Some(slot) = start.trace().and_then(|index| self.slots.get(index)) {
            // What was kept in it was read before.
            slot.taken.store(false, Ordering::Release);
        }
    }
}

impl Slot {
    fn take(&self) -> bool {
        let free = !self.taken.load(Ordering::Relaxed);
        free && !self.taken.swap(true, Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_kept_until_its_request_ends() {
        let traces = Traces::new();
        let gauge = RouteId::from_number(7);
        let id = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
        let starts: Vec<Start> = (0..TRIES)
            .map(|_| traces.keep(id, gauge).unwrap())
            .collect();
        assert_eq!(
            traces.keep(id, gauge),
            None,
            "there is no room for more of the same"
        );
        for start in &starts {
            assert_eq!(traces.get(*start), Some((id, gauge)));
            assert_eq!(start.route(), None);
        }
        traces.release(starts[3]);
        assert_eq!(traces.keep(id, gauge), Some(starts[3]));
    }
}
