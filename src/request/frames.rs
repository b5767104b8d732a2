//! What the frames of the body say about its request.

use super::{Recording, active::ActiveRequest, flags::Flags};
use http::HeaderMap;

impl Recording {
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

    /// Asks inner code whether the body has ended. If that panics, the panic is how the request ended, which is counted
    /// later.
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
}

impl ActiveRequest {
    /// Notes when the first bytes of the body passed.
    #[inline(never)]
    fn record_first_byte(&mut self, bytes: usize) {
        // No client gets bytes beyond the declared length.
        if self.state.remaining.min(bytes as u64) > 0 {
            self.extras.response_started_at = self.state.recorder.clock.raw();
            self.state.flags.clear(Flags::FIRST_BYTE);
        }
    }
}
