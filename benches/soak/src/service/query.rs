use super::witness::Counts;
use crate::keys;
use std::{future::Future, sync::Arc, thread};
use tower_red::ResolvedOperation;

/// A query of a database, as far as this service goes: an operation, and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Queries {
    pub(super) operation: ResolvedOperation,
    pub(super) counts: Arc<Counts>,
}

/// One of them. Dropped before somebody said how it ended, it was cancelled.
struct WitnessedQuery {
    counts: Arc<Counts>,
    has_ended: bool,
}

impl Queries {
    pub(super) async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, &'static str>>,
    ) -> Result<T, &'static str> {
        let mut witnessed = WitnessedQuery {
            counts: self.counts.clone(),
            has_ended: false,
        };
        let work = async move {
            let result = work.await;
            witnessed.end(result.is_err().then_some("error"));
            result
        };
        self.operation.run(work).await
    }
}

impl WitnessedQuery {
    fn end(&mut self, cause: Option<&str>) {
        self.has_ended = true;
        self.counts.ended(keys::query("all"));
        if let Some(cause) = cause {
            self.counts.ended(keys::query(cause));
        }
    }
}

impl Drop for WitnessedQuery {
    fn drop(&mut self) {
        match (self.has_ended, thread::panicking()) {
            (true, _) => {}
            (false, true) => self.end(Some("panic")),
            (false, false) => self.end(Some("cancelled")),
        }
    }
}
