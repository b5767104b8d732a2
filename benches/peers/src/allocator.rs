//! The system's allocator, which counts when it is told to.
//!
//! Told not to, it does as good as nothing: the figures of time and instructions come from the same program.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

struct Allocator;

/// What a piece of code allocated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heap {
    pub(crate) allocations: u64,
    pub(crate) bytes: u64,
    /// What it kept, less what it freed of before.
    pub(crate) kept: i64,
}

/// Counts what `code` allocates. Nothing else may run meanwhile.
pub(crate) fn count<T>(code: impl FnOnce() -> T) -> (T, Heap) {
    ALLOCATIONS.store(0, Relaxed);
    ALLOCATED.store(0, Relaxed);
    LIVE.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    let result = code();
    COUNTING.store(false, Relaxed);
    let heap = Heap {
        allocations: ALLOCATIONS.load(Relaxed),
        bytes: ALLOCATED.load(Relaxed),
        kept: LIVE.load(Relaxed),
    };
    (result, heap)
}

#[cold]
fn allocated(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    ALLOCATED.fetch_add(bytes as u64, Relaxed);
    LIVE.fetch_add(bytes as i64, Relaxed);
}

#[cold]
fn freed(bytes: usize) {
    LIVE.fetch_sub(bytes as i64, Relaxed);
}

// SAFETY: what is asked of this allocator is asked of the system's as it is.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTING.load(Relaxed) {
            allocated(layout.size());
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if COUNTING.load(Relaxed) {
            allocated(layout.size());
        }
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if COUNTING.load(Relaxed) {
            freed(layout.size());
            allocated(size);
        }
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTING.load(Relaxed) {
            freed(layout.size());
        }
        unsafe { System.dealloc(pointer, layout) }
    }
}
