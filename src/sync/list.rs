use super::lock;
use std::{
    fmt,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many values the first chunk holds. Each chunk holds twice as many as the one before.
const FIRST: usize = 16;
/// The chunks after the first one. More than memory has room for.
const CHUNKS: usize = 27;

type Chunk<V> = OnceLock<Box<[OnceLock<V>]>>;

/// An append-only list: reading takes no lock.
pub(crate) struct List<V> {
    first: Chunk<V>,
    more: OnceLock<Box<[Chunk<V>; CHUNKS]>>,
    len: AtomicUsize,
    growing: Mutex<()>,
}

impl<V> List<V> {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            more: OnceLock::new(),
            len: AtomicUsize::new(0),
            growing: Mutex::new(()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, index: usize) -> Option<&V> {
        let (chunk, at) = place(index);
        let chunk = match chunk.checked_sub(1) {
            None => &self.first,
            Some(chunk) => self.more.get()?.get(chunk)?,
        };
        chunk.get()?.get(at)?.get()
    }

    /// The index of the new value, or `None` if there is no room for it.
    pub(crate) fn push(&self, value: V) -> Option<usize> {
        let _growing = lock(&self.growing);
        let index = self.len.load(Ordering::Relaxed);
        let (chunk, at) = place(index);
        let new = || (0..FIRST << chunk).map(|_| OnceLock::new()).collect();
        let more = || Box::new([const { OnceLock::new() }; CHUNKS]);
        let slots = match chunk.checked_sub(1) {
            None => &self.first,
            Some(chunk) => self.more.get_or_init(more).get(chunk)?,
        };
        let slot = slots.get_or_init(new).get(at)?;
        slot.set(value).ok()?;
        self.len.store(index + 1, Ordering::Release);
        Some(index)
    }
}

/// The chunk of an index, and the place in it.
fn place(index: usize) -> (usize, usize) {
    let chunk = (index / FIRST + 1).ilog2() as usize;
    (chunk, index - FIRST * ((1 << chunk) - 1))
}

impl<V> fmt::Debug for List<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_found_at_its_index() {
        let list = List::new();
        for value in 0..5_000 {
            assert_eq!((list.get(value), list.push(value)), (None, Some(value)));
        }
        assert_eq!(list.len(), 5_000);
        assert!((0..5_000).all(|index| list.get(index) == Some(&index)));
    }
}
