use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex that a panic elsewhere cannot spoil: what the crate guards is whole at any time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
