//! Which shard a thread writes: one that it leases and that no other thread writes, or the common one.

use super::{cells::Writers, shard::Shard, shared::Shared};
use crate::sync::lock;
use std::{
    cell::Cell,
    ptr,
    sync::{Mutex, OnceLock},
    thread::available_parallelism,
};

/// The free leases of the process. A thread has the same lease in all stores.
static POOL: Mutex<Pool> = Mutex::new(Pool {
    unused: 0,
    returned: Vec::new(),
});

struct Pool {
    /// The lowest one that was never taken.
    unused: usize,
    returned: Vec<usize>,
}

const UNDECIDED: usize = usize::MAX;
const COMMON: usize = usize::MAX - 1;

thread_local! {
    // These have no destructor, so that reading them is cheap and works until the thread is gone. The lease has one.
    static NUMBER: Cell<usize> = const { Cell::new(UNDECIDED) };
    /// The shard that this thread wrote last, if it is one that no other thread writes. Most processes have one store.
    static LAST: Cell<Option<&'static Shard>> = const { Cell::new(None) };
    static LEASE: ShardLease = ShardLease::take();
}

/// The shard of a store that this thread writes.
#[inline]
pub(super) fn shard(
    store: &'static Shared,
    of_lease: impl FnOnce(usize) -> &'static Shard,
) -> &'static Shard {
    match last_of(store) {
        Some(shard) => shard,
        None => change_to(of_lease),
    }
}

/// The same, if that is the one that it wrote last, and no other thread writes it.
#[inline]
pub(super) fn last_of(store: &'static Shared) -> Option<&'static Shard> {
    LAST.get().filter(|shard| ptr::eq(shard.shared, store))
}

/// Whether this thread wrote that shard last.
#[inline]
pub(super) fn is_last(shard: &'static Shard) -> bool {
    LAST.get().is_some_and(|last| ptr::eq(last, shard))
}

#[cold]
fn change_to(of_lease: impl FnOnce(usize) -> &'static Shard) -> &'static Shard {
    let shard = of_lease(current());
    if shard.writers == Writers::One {
        LAST.set(Some(shard));
    }
    shard
}

/// How many leases there are at a time: twice the cores.
pub(super) fn max_leases() -> usize {
    static MAX: OnceLock<usize> = OnceLock::new();
    *MAX.get_or_init(|| 2 * available_parallelism().map_or(1, usize::from))
}

/// The lease of this thread, or the number of the common shard if all leases are taken.
fn current() -> usize {
    match NUMBER.get() {
        UNDECIDED => decide(),
        number => number,
    }
}

#[cold]
fn decide() -> usize {
    // A thread whose destructors have run has no lease any more.
    let leased = LEASE.try_with(|lease| lease.number).ok().flatten();
    let number = leased.unwrap_or(COMMON);
    NUMBER.set(number);
    number
}

/// A thread's lease, given back when the thread ends. The counts stay in the shard, and the next thread adds to them.
/// The lock of the pool makes them visible to it.
struct ShardLease {
    number: Option<usize>,
}

impl ShardLease {
    fn take() -> Self {
        let mut pool = lock(&POOL);
        let number = pool.returned.pop().or_else(|| {
            let number = pool.unused;
            (number < max_leases()).then(|| {
                pool.unused += 1;
                number
            })
        });
        Self { number }
    }
}

impl Drop for ShardLease {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        NUMBER.set(COMMON);
        LAST.set(None);
        lock(&POOL).returned.push(number);
    }
}
