use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

const MINUTE: Duration = Duration::from_secs(60);

/// How many events each customer may send in a minute.
#[derive(Clone)]
pub(crate) struct RateLimit {
    a_minute: u32,
    /// By customer: when the minute began, and the events since.
    counts: Arc<Mutex<HashMap<&'static str, (Instant, u32)>>>,
}

impl RateLimit {
    pub(crate) fn new(a_minute: u32) -> Self {
        let counts = Arc::default();
        Self { a_minute, counts }
    }

    /// Whether the customer may send one now.
    pub(crate) fn allows(&self, customer: &'static str) -> bool {
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, count) = counts.entry(customer).or_insert((now, 0));
        if now.saturating_duration_since(*begun) >= MINUTE {
            (*begun, *count) = (now, 0);
        }
        let allowed = *count < self.a_minute;
        *count += u32::from(allowed);
        allowed
    }
}
