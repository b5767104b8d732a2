//! Boxes that threads keep, so that a request allocates nothing if there was one before it.

use crate::sync::lock;
use std::{cell::Cell, sync::Mutex, thread::LocalKey};

/// The spare boxes of a thread.
pub(super) struct Spare<T> {
    /// The last one. On its own, since a list of them takes 13 instructions more.
    last: Cell<Option<Box<T>>>,
    others: Cell<Vec<Box<T>>>,
}

/// The spare boxes of no thread, in bundles: threads that only take boxes get those of threads that only keep them,
/// and the lock is taken once for many.
pub(super) struct Pool<T>(Mutex<Vec<Vec<Box<T>>>>);

/// How many others a thread keeps.
const MAX_OTHERS: usize = 511;
/// How many boxes of a thread that has more make a bundle.
const BUNDLE: usize = 256;
/// How many bundles are kept. Those beyond this number are freed, so that memory stays bounded.
const MAX_BUNDLES: usize = 16;

impl<T> Spare<T> {
    pub(super) const fn new() -> Self {
        Self {
            last: Cell::new(None),
            others: Cell::new(Vec::new()),
        }
    }
}

impl<T> Pool<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn take(&self) -> Vec<Box<T>> {
        lock(&self.0).pop().unwrap_or_default()
    }

    fn keep(&self, bundle: Vec<Box<T>>) {
        let mut bundles = lock(&self.0);
        if bundles.len() < MAX_BUNDLES {
            bundles.push(bundle);
        } else {
            // Boxes are freed without the lock.
            drop(bundles);
        }
    }
}

/// Takes a box. `None` if there is none, or if the thread is ending: it keeps none then.
#[inline]
pub(super) fn take<T>(spare: &'static LocalKey<Spare<T>>, pool: &Pool<T>) -> Option<Box<T>> {
    match spare.try_with(|spare| spare.last.take()) {
        Ok(Some(last)) => Some(last),
        _ => take_other(spare, pool),
    }
}

#[inline(never)]
fn take_other<T>(spare: &'static LocalKey<Spare<T>>, pool: &Pool<T>) -> Option<Box<T>> {
    let taken = spare.try_with(|spare| {
        let mut others = spare.others.take();
        if others.is_empty() {
            others = pool.take();
        }
        let taken = others.pop();
        spare.others.set(others);
        taken
    });
    taken.ok().flatten()
}

/// Keeps a box.
// As a call, it would cost a request 10 instructions.
#[inline(always)]
pub(super) fn keep<T>(spare: &'static LocalKey<Spare<T>>, pool: &Pool<T>, kept: Box<T>) {
    let mut kept = Some(kept);
    // The closure does not own the box: with a destructor in it, it would not be inlined.
    let replaced = spare.try_with(|spare| spare.last.replace(kept.take()));
    if let Ok(Some(other)) = replaced {
        keep_other(spare, pool, other);
    }
}

#[inline(never)]
fn keep_other<T>(spare: &'static LocalKey<Spare<T>>, pool: &Pool<T>, other: Box<T>) {
    let _ = spare.try_with(|spare| {
        let mut others = spare.others.take();
        others.push(other);
        if others.len() > MAX_OTHERS {
            pool.keep(others.split_off(others.len() - BUNDLE));
        }
        spare.others.set(others);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{iter, thread};

    thread_local! {
        static SPARE: Spare<u32> = const { Spare::new() };
    }

    #[test]
    fn threads_that_only_take_boxes_get_those_of_threads_that_only_keep_them() {
        let pool = &Pool::new();
        // How many boxes a new thread gets after another one has kept some.
        let taken_of = |kept: u32| {
            thread::scope(|scope| {
                let keeping = scope.spawn(move || {
                    (0..kept).for_each(|number| keep(&SPARE, pool, Box::new(number)));
                    // It has these itself.
                    iter::from_fn(|| take(&SPARE, pool)).take(256).count()
                });
                assert_eq!(keeping.join().unwrap(), 256.min(kept as usize));
                let taking = scope.spawn(move || iter::from_fn(|| take(&SPARE, pool)).count());
                taking.join().unwrap()
            })
        };
        assert_eq!(taken_of(512), 0);
        assert_eq!(taken_of(512 + 3 * 256), 3 * 256);
        assert_eq!(taken_of(0), 0);
        // No more than so many are kept for others.
        assert_eq!(taken_of(20_000), MAX_BUNDLES * BUNDLE);
    }
}
