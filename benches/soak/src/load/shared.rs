use super::journey::Outcome;
use crate::client::AnyError;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::sync::Semaphore;

/// What all tasks of the load share.
pub(super) struct Shared {
    pub(super) address: SocketAddr,
    /// One for each request that may be sent. Closed, it ends the load.
    pub(super) permits: Semaphore,
    pub(super) sent: AtomicU64,
    pub(super) answered: AtomicU64,
}

impl Shared {
    /// Whether that many requests may be sent now.
    pub(super) async fn permitted(&self, count: u32) -> bool {
        let permits = self.permits.acquire_many(count).await;
        permits.map(|permits| permits.forget()).is_ok()
    }

    pub(super) fn count(&self, outcome: &Result<Outcome, AnyError>) {
        self.sent.fetch_add(1, Relaxed);
        if matches!(outcome, Ok(Outcome::Answered)) {
            self.answered.fetch_add(1, Relaxed);
        }
    }
}
