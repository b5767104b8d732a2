use super::{active::Active, mark::Mark};
use crate::sync::{List, lock};
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

/// Shows one thing at a time as active, to whoever reads all slots.
///
/// Requests have one each in place of counters by key. The address of such a counter is only known after several
/// look-ups, and a store to it takes a request 20 ns longer than one to a slot. In return, slots take memory for each
/// request in flight.
///
/// A slot belongs to what is active, and not to a thread: one thread may show and another one clear it.
pub(crate) struct Slot(&'static Place);

/// Alone in its cache lines: each request writes one, and requests of other threads another one.
#[repr(align(128))]
struct Place(AtomicU64);

/// All places of the process. They are never freed, but used again.
static PLACES: List<&Place> = List::new();
/// Those that belong to no slot.
static UNUSED: Mutex<Vec<&Place>> = Mutex::new(Vec::new());

/// How many places are read before others get their turn: a fraction of a millisecond.
const PLACES_PER_STRETCH: usize = 4_096;

impl Slot {
    pub(crate) fn new() -> Self {
        let unused = lock(&UNUSED).pop();
        Self(unused.unwrap_or_else(|| {
            let place: &Place = Box::leak(Box::new(Place(AtomicU64::new(Mark::NOTHING.0))));
            PLACES.push(place);
            place
        }))
    }

    /// Shows something until it is cleared, in place of what it showed before.
    // With `Release`, since whoever sees this has to see how the thing before it was counted.
    #[inline]
    pub(crate) fn show(&self, active: Active) {
        self.0.0.store(active.cell.mark.0, Ordering::Release);
    }

    /// Shows nothing any more. To be called last: where nothing is shown, everything is counted.
    #[inline]
    pub(crate) fn clear(&self) {
        self.0.0.store(Mark::NOTHING.0, Ordering::Release);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.clear();
        lock(&UNUSED).push(self.0);
    }
}

/// How many things of a store the slots show, by the index of their key.
#[derive(Default)]
pub(crate) struct Shown {
    counts: Vec<u64>,
    /// The next place to be read.
    next: usize,
}

impl Shown {
    /// Reads some more places, and counts what is of a store. `false` once all are read.
    ///
    /// Each is read at another moment, so something may be counted that ended before something else started that is
    /// counted, too. What is active all the time is counted once.
    pub(super) fn read_some(&mut self, store: u32) -> bool {
        let end = PLACES.len().min(self.next + PLACES_PER_STRETCH);
        for place in (self.next..end).filter_map(|index| PLACES.get(index)) {
            let mark = Mark(place.0.load(Ordering::Acquire));
            if let Some(key) = mark.key_of(store) {
                self.count(key);
            }
        }
        self.next = end;
        end < PLACES.len()
    }

    fn count(&mut self, key: usize) {
        if self.counts.len() <= key {
            self.counts.resize(key + 1, 0);
        }
        self.counts[key] += 1;
    }

    /// How many things of a key.
    pub(crate) fn of(&self, key: u32) -> u64 {
        self.counts.get(key as usize).copied().unwrap_or(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
