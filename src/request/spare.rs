//! Boxes that a thread keeps, so that it allocates nothing when it needs the next one.

use std::{cell::Cell, thread::LocalKey};

/// The spare boxes of a thread.
pub(super) struct Spare<T> {
    /// The last one. On its own, since a list of them takes 13 instructions more.
    last: Cell<Option<Box<T>>>,
    others: Cell<Vec<Box<T>>>,
}

/// How many others a thread keeps. It frees those beyond this number, so that memory stays bounded where boxes are
/// always taken on another thread than they are kept on.
const MAX_OTHERS: usize = 511;

impl<T> Spare<T> {
    pub(super) const fn new() -> Self {
        Self {
            last: Cell::new(None),
            others: Cell::new(Vec::new()),
        }
    }
}

/// Takes a box. `None` if there is none, or if the thread is ending: it keeps none then.
#[inline]
pub(super) fn take<T>(spare: &'static LocalKey<Spare<T>>) -> Option<Box<T>> {
    match spare.try_with(|spare| spare.last.take()) {
        Ok(Some(last)) => Some(last),
        _ => take_other(spare),
    }
}

#[inline(never)]
fn take_other<T>(spare: &'static LocalKey<Spare<T>>) -> Option<Box<T>> {
    let taken = spare.try_with(|spare| {
        let mut others = spare.others.take();
        let taken = others.pop();
        spare.others.set(others);
        taken
    });
    taken.ok().flatten()
}

/// Keeps a box.
// As a call, it would cost a request 10 instructions.
#[inline(always)]
pub(super) fn keep<T>(spare: &'static LocalKey<Spare<T>>, kept: Box<T>) {
    let mut kept = Some(kept);
    // It does not own the box: to drop one in there would make it a call.
    let replaced = spare.try_with(|spare| spare.last.replace(kept.take()));
    if let Ok(Some(other)) = replaced {
        keep_other(spare, other);
    }
}

#[inline(never)]
fn keep_other<T>(spare: &'static LocalKey<Spare<T>>, other: Box<T>) {
    let _ = spare.try_with(|spare| {
        let mut others = spare.others.take();
        if others.len() < MAX_OTHERS {
            others.push(other);
        }
        spare.others.set(others);
    });
}
