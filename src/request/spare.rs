//! Boxes that requests of this thread left, so that its next ones allocate nothing.

// What is kept is the boxes themselves.
#![expect(clippy::vec_box)]

use super::active::ActiveRequest;
use std::cell::Cell;

thread_local! {
    /// The last one. On its own, since a list of them takes 15 instructions more.
    static LAST: Cell<Option<Box<ActiveRequest>>> = const { Cell::new(None) };
    static OTHERS: Cell<Vec<Box<ActiveRequest>>> = const { Cell::new(Vec::new()) };
}

/// How many others a thread keeps. Where requests always end on another thread than they start on, the boxes collect
/// on the thread where they end. It frees those beyond this number, so that memory stays bounded.
const MAX_OTHERS: usize = 511;

/// Takes a box out. `None` if there is none, or if the thread is ending: it keeps none then.
#[inline]
pub(super) fn take() -> Option<Box<ActiveRequest>> {
    match LAST.try_with(Cell::take) {
        Ok(Some(last)) => Some(last),
        _ => take_other(),
    }
}

#[inline(never)]
fn take_other() -> Option<Box<ActiveRequest>> {
    let taken = OTHERS.try_with(|others| {
        let mut list = others.take();
        let taken = list.pop();
        others.set(list);
        taken
    });
    taken.ok().flatten()
}

/// Leaves a box to a later request.
#[inline]
pub(super) fn keep(spare: Box<ActiveRequest>) {
    if let Ok(Some(other)) = LAST.try_with(|last| last.replace(Some(spare))) {
        keep_other(other);
    }
}

#[inline(never)]
fn keep_other(other: Box<ActiveRequest>) {
    let _ = OTHERS.try_with(|others| {
        let mut list = others.take();
        if list.len() < MAX_OTHERS {
            list.push(other);
        }
        others.set(list);
    });
}
