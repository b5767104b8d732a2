//! Which shard a thread writes: one that it leases and alone writes, or the common one.

use super::{Store, shard::Shard};
use crate::sync::lock;
use std::{
    cell::Cell,
    ptr,
    sync::{Mutex, OnceLock},
    thread::available_parallelism,
};

/// Free leases of the process. A thread has the same one in all stores.
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
    // Apart from the lease: without a destructor they are read at no cost, and to the end of the thread.
    static NUMBER: Cell<usize> = const { Cell::new(UNDECIDED) };
    static LAST: Cell<Option<(&'static Store, &'static Shard)>> = const { Cell::new(None) };
    static LEASE: ShardLease = ShardLease::take();
}

/// The shard that this thread writes in a store: remembered, since most processes have one store.
#[inline]
pub(super) fn shard(store: &'static Store) -> &'static Shard {
    match LAST.get() {
        Some((last, shard)) if ptr::eq(last, store) => shard,
        _ => change_to(store),
    }
}

#[cold]
fn change_to(store: &'static Store) -> &'static Shard {
    let shard = store.shard_of(current());
    LAST.set(Some((store, shard)));
    shard
}

/// How many leases there are at a time: twice the cores.
pub(super) fn max_leases() -> usize {
    static MAX: OnceLock<usize> = OnceLock::new();
    *MAX.get_or_init(|| 2 * available_parallelism().map_or(1, usize::from))
}

/// The lease of this thread; past the last of them, the common shard's number.
fn current() -> usize {
    match NUMBER.get() {
        UNDECIDED => decide(),
        number => number,
    }
}

#[cold]
fn decide() -> usize {
    // A thread that is past its destructors has no lease any more.
    let leased = LEASE.try_with(|lease| lease.number).ok().flatten();
    let number = leased.unwrap_or(COMMON);
    NUMBER.set(number);
    number
}

/// Given back when its thread ends. What was counted in the shard stays there, and the next thread goes on
/// with it: the pool's lock is what makes these counts visible to it.
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
