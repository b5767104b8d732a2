//! The system's allocator, which knows how much of the heap is in use.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static IN_USE: AtomicI64 = AtomicI64::new(0);

struct Counting;

/// Bytes that were asked for and not given back.
pub(crate) fn bytes_in_use() -> u64 {
    IN_USE.load(Relaxed).max(0).unsigned_abs()
}

fn add(bytes: usize) {
    IN_USE.fetch_add(bytes as i64, Relaxed);
}

fn subtract(bytes: usize) {
    IN_USE.fetch_sub(bytes as i64, Relaxed);
}

// SAFETY: each call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        subtract(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        subtract(layout.size());
        add(size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}
