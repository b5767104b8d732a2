use super::route::RouteId;
use crate::store::lock;
use std::sync::Mutex;

/// Longer paths are no names that a program has.
const LONGEST: usize = 256;
/// Tells the index of a kept path from a route.
const PATH: u32 = 1 << 31;
/// Tells the index of a kept trace from a route.
const TRACE: u32 = 1 << 30;

/// What a request started as: a route, or what is kept of it elsewhere until it ends. That is the path of a gRPC
/// call, which may become a route, or a trace.
///
/// As small as a route's id, and copied like one: it is in every request, also in those that are no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start(u32);

impl Start {
    pub(crate) fn of(route: RouteId) -> Self {
        Self(route.number())
    }

    pub(super) fn traced(index: u32) -> Self {
        Self(TRACE | index)
    }

    /// `None` if something is kept.
    pub(crate) fn route(self) -> Option<RouteId> {
        let is_route = self.0 & (PATH | TRACE) == 0;
        is_route.then(|| RouteId::from_number(self.0))
    }

    /// The index of a kept trace.
    pub(super) fn trace(self) -> Option<usize> {
        (self.0 & (PATH | TRACE) == TRACE).then_some((self.0 & !TRACE) as usize)
    }

    fn path(self) -> Option<usize> {
        (self.0 & PATH != 0).then_some((self.0 & !PATH) as usize)
    }
}

/// The paths of calls in flight that are no routes yet: a call that is OK proves its own.
///
/// They are what clients sent, so that each is dropped at the end of its call. Calls to proven paths, which
/// is all of a service's after the first, do not come here.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    calls: Vec<Option<Call>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Call {
    path: Box<str>,
    gauge: RouteId,
}

impl Calls {
    /// Keeps a path until [`release`](Self::release).
    pub(super) fn keep(&self, path: &str, gauge: RouteId) -> Start {
        if path.len() > LONGEST {
            return Start::of(gauge);
        }
        let mut slots = lock(&self.slots);
        let slot = match slots.free.pop() {
            Some(slot) => slot,
            // More calls in flight than memory has room for.
            None if slots.calls.len() as u32 == PATH => return Start::of(gauge),
            None => {
                slots.calls.push(None);
                slots.calls.len() as u32 - 1
            }
        };
        slots.calls[slot as usize] = Some(Call {
            path: path.into(),
            gauge,
        });
        Start(PATH | slot)
    }

    /// What the gauge counts a kept call under.
    pub(crate) fn gauge(&self, start: Start) -> Option<RouteId> {
        let slots = lock(&self.slots);
        Some(slots.calls.get(start.path()?)?.as_ref()?.gauge)
    }

    /// The path that a call may prove.
    pub(crate) fn path(&self, start: Start) -> Option<Box<str>> {
        let slots = lock(&self.slots);
        Some(slots.calls.get(start.path()?)?.as_ref()?.path.clone())
    }

    /// Forgets the path of a call that ended.
    pub(crate) fn release(&self, start: Start) {
        let Some(slot) = start.path() else { return };
        let mut slots = lock(&self.slots);
        if slots.calls.get_mut(slot).and_then(Option::take).is_some() {
            slots.free.push(slot as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_until_its_call_ends() {
        let calls = Calls::default();
        let gauge = RouteId::from_number(7);
        let [first, second] = ["/a.B/C", "/a.B/D"].map(|path| calls.keep(path, gauge));
        assert_eq!(calls.path(first).as_deref(), Some("/a.B/C"));
        assert_eq!(calls.path(second).as_deref(), Some("/a.B/D"));
        assert_eq!((first.route(), calls.gauge(first)), (None, Some(gauge)));

        calls.release(first);
        calls.release(first);
        assert_eq!(calls.path(first), None);
        let third = calls.keep("/a.B/E", gauge);
        assert_eq!(third, first, "its place is taken again");
        assert_eq!(calls.path(second).as_deref(), Some("/a.B/D"));
        assert_eq!(lock(&calls.slots).calls.len(), 2);
    }

    #[test]
    fn a_long_path_is_not_kept() {
        let calls = Calls::default();
        let gauge = RouteId::from_number(7);
        let start = calls.keep(&"/".repeat(LONGEST + 1), gauge);
        assert_eq!((start.route(), calls.path(start)), (Some(gauge), None));
    }
}
