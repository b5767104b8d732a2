use super::{Outcome, Recorder, active::ActiveRequest, flags::Flags, start};
use http::{HeaderMap, Request, Response};
use http_body::Body;
use std::{fmt, mem};

/// One request, owned by `call`, then by the future, then by the body. Empty if its route is skipped, and once the
/// request is counted.
///
/// The request is counted once: when somebody knows how it ended, or else when this is dropped. It then counts as
/// *cancelled*.
#[derive(Default)]
pub(crate) struct Recording(Option<Box<ActiveRequest>>);

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

    /// Asks inner code whether the body has ended, likewise.
    #[inline]
    pub(crate) fn watch_end(&self, inner: impl FnOnce() -> bool) -> bool {
        let Some(active) = &self.0 else {
            return inner();
        };
        let ended = self.watch_shared(inner);
        if ended {
            active.state.flags.set_shared(Flags::ENDED);
        }
        ended
    }

    /// Reads the head of the response, and ends the request if no body follows.
    #[inline]
    pub(crate) fn record_head<B: Body>(&mut self, response: &Response<B>) {
        let panicking = HeadPanicking(self);
        let is_over = match &mut panicking.0.0 {
            Some(active) => active.record_head(response),
            None => false,
        };
        mem::forget(panicking);
        if is_over {
            self.finish(Outcome::Complete);
        }
    }

    /// Notes that so many bytes were handed to the server. `true` if these were the last ones that were declared.
    #[inline]
    pub(crate) fn record_data(&mut self, bytes: usize) -> bool {
        let Some(active) = &mut self.0 else {
            return false;
        };
        if active.state.flags.has(Flags::FIRST_BYTE) {
            active.record_first_byte(bytes);
        }
        let remaining = &mut active.state.remaining;
        *remaining = remaining.saturating_sub(bytes as u64);
        *remaining == 0
    }

    /// Reads the trailers.
    #[inline(never)]
    pub(crate) fn record_trailers(&mut self, trailers: &HeaderMap) {
        if let Some(call) = self.0.as_mut().and_then(|active| active.call.as_mut()) {
            call.record_status(trailers);
        }
    }

    /// Whether the request is counted already, or never will be.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }

    /// Counts the request, unless it is counted already.
    #[inline]
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        if let Some(active) = self.0.take() {
            active.finish(outcome);
        }
    }
}

/// Ends a request by a panic when it is dropped. Only unwinding drops it: code that does not panic forgets it.
pub(crate) struct Panicking<'a>(pub(crate) &'a mut Recording);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        self.0.finish(Outcome::Panic);
    }
}

/// The same while the head is read: then nothing passed of the body, and it may not be known yet how long it is.
struct HeadPanicking<'a>(&'a mut Recording);

impl Drop for HeadPanicking<'_> {
    fn drop(&mut self) {
        if let Some(active) = &mut self.0.0 {
            active.declare(Some(0));
        }
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
