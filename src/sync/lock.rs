use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, poisoned or not: whatever this crate guards is valid even if a thread panicked with the lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
