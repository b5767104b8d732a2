use crate::kind::Kind;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What is known of the events of each kind.
#[derive(Clone, Default)]
pub(crate) struct Stats(Arc<Mutex<HashMap<Kind, u64>>>);

impl Stats {
    pub(crate) fn add(&self, kind: Kind) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *events.entry(kind).or_default() += 1;
    }

    pub(crate) fn events(&self, kind: Kind) -> u64 {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(&kind).copied().unwrap_or(0)
    }
}
