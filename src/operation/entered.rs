use super::recorder::{Recorder, active_key};
use crate::store::{self, Key};
use std::fmt;

/// Something that lasts, such as an open socket. Only the gauge counts it.
///
/// Made by [`ResolvedOperation::enter`](crate::ResolvedOperation::enter). It is in the gauge until it is dropped.
#[must_use = "what is dropped at once is never seen in the gauge"]
pub struct EnteredOperation {
    recorder: &'static Recorder,
    active: Option<store::Active>,
}

impl EnteredOperation {
    pub(super) fn new(recorder: &'static Recorder, set: u32) -> Self {
        let key = active_key(set);
        let active = recorder.store.start(Key::unbudgeted(key));
        Self { recorder, active }
    }
}

impl Drop for EnteredOperation {
    fn drop(&mut self) {
        if let Some(active) = self.active {
            self.recorder.store.leave(active);
        }
    }
}

impl fmt::Debug for EnteredOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnteredOperation").finish_non_exhaustive()
    }
}
