//! Which shard a thread writes: one that it leases and alone writes, or the common one.

use super::{Shard, Store, lock};
use std::{
    cell::Cell,
    ptr,
    sync::{Mutex, OnceLock},
    thread::available_parallelism,
};

/// Free slots of the process. A thread has the same slot in all stores.
static POOL: Mutex<Pool> = Mutex::new(Pool {
    unused: 0,
    returned: Vec::new(),
});

struct Pool {
    /// The lowest slot that was never leased.
    unused: usize,
    returned: Vec<usize>,
}

const UNDECIDED: usize = usize::MAX;
const COMMON: usize = usize::MAX - 1;

thread_local! {
    // Apart from the lease, since without a destructor they are read at no cost and to the thread's last
    // breath.
    static SLOT: Cell<usize> = const { Cell::new(UNDECIDED) };
    static LAST: Cell<Option<(&'static Store, &'static Shard)>> = const { Cell::new(None) };
    static LEASE: Lease = Lease::take();
}

/// The shard that this thread writes in a store: remembered, since most processes have one.
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

/// How many slots can be leased at a time: twice the cores.
pub(super) fn leasable() -> usize {
    static LEASABLE: OnceLock<usize> = OnceLock::new();
    *LEASABLE.get_or_init(|| 2 * available_parallelism().map_or(1, usize::from))
}

/// The slot that this thread leases; past the last of them, the common one.
fn current() -> usize {
    match SLOT.get() {
        UNDECIDED => decide(),
        slot => slot,
    }
}

#[cold]
fn decide() -> usize {
    // A thread that is past its destructors has no lease any more.
    let slot = LEASE
        .try_with(|lease| lease.slot)
        .ok()
        .flatten()
        .unwrap_or(COMMON);
    SLOT.set(slot);
    slot
}

/// Gives its slot back when its thread ends. What was counted in it stays there, for its next thread to go
/// on with: the pool's lock is what makes these counts visible to it.
struct Lease {
    slot: Option<usize>,
}

impl Lease {
    fn take() -> Self {
        let mut pool = lock(&POOL);
        let slot = pool.returned.pop().or_else(|| {
            let slot = pool.unused;
            (slot < leasable()).then(|| {
                pool.unused += 1;
                slot
            })
        });
        Self { slot }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        SLOT.set(COMMON);
        LAST.set(None);
        let mut pool = lock(&POOL);
        pool.returned.push(slot);
    }
}
