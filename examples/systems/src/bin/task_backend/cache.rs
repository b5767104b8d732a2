use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// As many tasks' states as the cache may hold.
const MOST: usize = 1_000;

/// The states of tasks that were asked for and do not change any more.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    states: Arc<Mutex<HashMap<i64, String>>>,
    hits: Counter,
    misses: Counter,
}

impl Cache {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let cache = Self::default();
        registry.register(
            "cache_hits",
            "States found in the cache",
            cache.hits.clone(),
        );
        let help = "States that the cache did not have";
        registry.register("cache_misses", help, cache.misses.clone());
        cache
    }

    pub(crate) fn get(&self, task: i64) -> Option<String> {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.get(&task).cloned();
        match state {
            Some(_) => self.hits.inc(),
            None => self.misses.inc(),
        };
        state
    }

    pub(crate) fn put(&self, task: i64, state: String) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= MOST {
            states.clear();
        }
        states.insert(task, state);
    }
}
