use super::{Outcome, Recorder, active::ActiveRequest, flags::Flags, start};
use http::Request;
use std::{fmt, mem};

/// One request, owned by `call`, then by the future, then by the body. Empty if its route is skipped, and once the
/// request is counted.
///
/// The request is counted once: when somebody knows how it ended, or else when this is dropped. It then counts as
/// *cancelled*.
#[derive(Default)]
pub(crate) struct Recording(pub(super) Option<Box<ActiveRequest>>);

impl Recording {
    /// Records nothing.
    pub(crate) const NONE: Self = Self(None);

    /// Starts a request, unless its route is skipped.
    #[inline]
    pub(crate) fn start<B>(recorder: &'static Recorder, request: &Request<B>) -> Self {
        Self(start::start(recorder, request))
    }

    /// Runs inner code. If that panics, the panic is how the request ended.
    #[inline]
    pub(crate) fn watch<T>(&mut self, inner: impl FnOnce() -> T) -> T {
        let panicking = Panicking(self);
        let result = inner();
        mem::forget(panicking);
        result
    }

    /// Runs inner code of a `&self` method, likewise: the request is counted later.
    #[inline]
    pub(crate) fn watch_shared<T>(&self, inner: impl FnOnce() -> T) -> T {
        let panicking = SeenPanicking(self);
        let result = inner();
        mem::forget(panicking);
        result
    }
}

/// Ends a request by a panic when it is dropped. Only unwinding drops it: code that does not panic forgets it.
pub(crate) struct Panicking<'a>(pub(crate) &'a mut Recording);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        self.0.finish(Outcome::Panic);
    }
}

/// Notes a panic for the end of a request, likewise.
struct SeenPanicking<'a>(&'a Recording);

impl Drop for SeenPanicking<'_> {
    fn drop(&mut self) {
        if let Some(active) = &self.0.0 {
            active.state.flags.set_shared(Flags::PANICKED);
        }
    }
}

impl Drop for Recording {
    #[inline]
    fn drop(&mut self) {
        if let Some(active) = self.0.take() {
            active.abandon();
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.as_ref().map(|active| &active.state);
        f.debug_struct("Recording")
            .field("status", &state.and_then(|state| state.key.status()))
            .finish_non_exhaustive()
    }
}
