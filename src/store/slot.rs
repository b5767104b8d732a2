use super::{active::Active, mark::Mark};
use crate::sync::{List, lock};
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

/// Shows one thing at a time as active, to whoever reads all slots.
///
/// Requests have one each in place of counters by key. The address of such a counter is only known after several
/// look-ups, and a store to it takes a request up to 20 ns longer than one to a slot. In return, slots take memory for as
/// many requests as were ever in flight at a time.
///
/// A slot belongs to what is active, and not to a thread: one thread may show something, and another one clear it.
pub(crate) struct Slot(&'static Word);

/// Alone in its cache lines, since other threads write its neighbours.
#[repr(align(128))]
struct Word(AtomicU64);

/// How many words are allocated at a time.
const BLOCK: usize = 8;

/// All words of the process. They are never freed, but used again.
static WORDS: List<&[Word; BLOCK]> = List::new();
/// Those that belong to no slot.
static UNUSED: Mutex<Vec<&Word>> = Mutex::new(Vec::new());

/// How many blocks are read before others get their turn: a fraction of a millisecond.
const BLOCKS_PER_STRETCH: usize = 128;

impl Slot {
    pub(crate) fn new() -> Self {
        let mut unused = lock(&UNUSED);
        Self(unused.pop().unwrap_or_else(|| {
            let empty = [const { Word(AtomicU64::new(Mark::NOTHING.0)) }; BLOCK];
            let block: &[Word; BLOCK] = Box::leak(Box::new(empty));
            // There is room for more blocks than memory has.
            WORDS.push(block);
            let [first, others @ ..] = block;
            unused.extend(others);
            first
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
///
/// Each slot is read at another moment. What is active all the time is counted once. What starts or ends meanwhile is
/// counted or not, so that of two things of which one ends as the other one starts, both or none may be counted.
#[derive(Default)]
pub(crate) struct Shown {
    counts: Vec<u64>,
    /// The next block to be read.
    next: usize,
}

impl Shown {
    /// Reads some more slots, and counts what is of that store. `false` once all are read.
    pub(super) fn read_some(&mut self, store: u32) -> bool {
        let end = WORDS.len().min(self.next + BLOCKS_PER_STRETCH);
        let blocks = (self.next..end).filter_map(|index| WORDS.get(index));
        for word in blocks.copied().flatten() {
            let mark = Mark(word.0.load(Ordering::Acquire));
            if let Some(key) = mark.key_of(store) {
                self.count(key);
            }
        }
        self.next = end;
        end < WORDS.len()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_that_are_given_back_are_used_again() {
        const SLOTS: usize = 4_000;
        let use_some = || drop((0..SLOTS).map(|_| Slot::new()).collect::<Vec<_>>());
        use_some();
        let blocks = WORDS.len();
        use_some();
        // Other tests may need some meanwhile.
        assert!(WORDS.len() < blocks + SLOTS / BLOCK / 2);
    }
}
