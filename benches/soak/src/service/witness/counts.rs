use crate::keys::Totals;
use std::{
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What was seen to start, and to end.
#[derive(Debug, Default)]
pub(in crate::service) struct Counts {
    started: Mutex<Totals>,
    ended: Mutex<Totals>,
}

impl Counts {
    pub(in crate::service) fn started(&self, part: &str) {
        add(&self.started, part.to_owned());
    }

    pub(in crate::service) fn ended(&self, key: String) {
        add(&self.ended, key);
    }

    /// A line for each count.
    pub(in crate::service) fn text(&self) -> String {
        let mut text = String::new();
        for (part, count) in &*lock(&self.started) {
            let _ = writeln!(text, "started {part} {count}");
        }
        for (key, count) in &*lock(&self.ended) {
            let _ = writeln!(text, "{key} {count}");
        }
        text
    }
}

fn add(totals: &Mutex<Totals>, key: String) {
    *lock(totals).entry(key).or_default() += 1;
}

/// Requests end while their handlers panic.
fn lock(totals: &Mutex<Totals>) -> MutexGuard<'_, Totals> {
    totals.lock().unwrap_or_else(PoisonError::into_inner)
}
