use super::{backoff::Backoff, resource::Resource, sender::Sender, snapshot::Snapshot};
use crate::{
    ExportError, Exposition,
    exposition::ExportCounts,
    format::otlp::RequestWriter,
    model::{Family, Kind, label_pairs},
    sync::yield_now,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep_until, timeout_at};

/// What the metrics were made by, in what is sent.
const SCOPE: (&str, &str) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));

/// The longest that a receiver is left alone because it says so. It may say anything.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) type OnFailure = Box<dyn Fn(&ExportError) + Send + Sync>;

/// Exports an endpoint's metrics, one export at a time.
pub(super) struct Exporter {
    pub(super) exposition: Exposition,
    /// `None` if the endpoint is disabled.
    pub(super) counts: Option<Arc<ExportCounts>>,
    pub(super) resource: Resource,
    /// What is said of the resource in the configuration.
    pub(super) configured: Resource,
    pub(super) sender: Sender,
    pub(super) on_failure: Option<OnFailure>,
    /// The receiver wants to be left alone until then.
    pub(super) not_before: Option<Instant>,
}

impl Exporter {
    /// Tries until the receiver has taken all metrics, or said that it does not take them, or until the deadline.
    pub(super) async fn export(&mut self, deadline: Instant) {
        let mut backoff = Backoff::default();
        loop {
            if let Some(not_before) = self.not_before {
                if not_before >= deadline {
                    return;
                }
                sleep_until(not_before).await;
                self.not_before = None;
            }
            let tried = timeout_at(deadline, self.try_export()).await;
            let Err(error) = tried.unwrap_or(Err(ExportError::Timeout)) else {
                return self.count(ExportCounts::succeed);
            };
            self.count(|counts| counts.fail(&error));
            self.tell(&error);
            match Retry::of(&error) {
                Retry::No => return,
                Retry::After(time) => self.not_before = Some(Instant::now() + time),
                Retry::Backoff => {
                    let next = Instant::now() + backoff.next();
                    if next >= deadline {
                        return;
                    }
                    sleep_until(next).await;
                }
            }
        }
    }

    /// Sends what the metrics are now: values that count from the start, so that a try before makes no difference.
    async fn try_export(&mut self) -> Result<(), ExportError> {
        yield_now().await;
        let families = self.exposition.families().await;
        let mut families = families.map_err(|error| ExportError::Metrics { error })?;
        let target = take_target(&mut families);
        let resource = self.resource.clone().overlaid_with(&target);
        let resource = resource.overlaid_with(&self.configured);
        let writer = RequestWriter::new(resource.attributes(), SCOPE, nanos_since_1970());
        let mut snapshot = Snapshot::new(families, writer);
        while let Some(request) = snapshot.next_request().await {
            if let Some(rejected) = self.sender.send(request).await? {
                self.count(|counts| counts.reject(&rejected));
                self.tell(&rejected);
            }
        }
        Ok(())
    }

    fn count(&self, count: impl FnOnce(&ExportCounts)) {
        if let Some(counts) = &self.counts {
            count(counts);
        }
    }

    fn tell(&self, error: &ExportError) {
        if let Some(on_failure) = &self.on_failure {
            on_failure(error);
        }
    }
}

/// Whether there is to be another try after a failure.
enum Retry {
    No,
    Backoff,
    /// The receiver says when.
    After(Duration),
}

impl Retry {
    fn of(error: &ExportError) -> Self {
        match error {
            ExportError::Unavailable {
                retry_after: Some(time),
                ..
            } => Self::After((*time).min(LONGEST_WAIT)),
            ExportError::Unavailable { .. }
            | ExportError::Connection { .. }
            | ExportError::Timeout => Self::Backoff,
            ExportError::Metrics { .. }
            | ExportError::Refused { .. }
            | ExportError::Rejected { .. } => Self::No,
        }
    }
}

/// `target_info` is no metric here: its labels are attributes of the resource.
fn take_target(families: &mut Vec<Family>) -> Resource {
    let mut target = Resource::default();
    let is_target = |family: &Family| family.kind == Kind::Info && family.name == "target";
    let Some(at) = families.iter().position(is_target) else {
        return target;
    };
    let family = families.remove(at);
    let mut buffer = Default::default();
    for source in &family.sources {
        if let Some((labels, _)) = source.read(0, &mut buffer) {
            for (name, value) in label_pairs(labels) {
                target.set_text(name.to_owned(), value);
            }
        }
    }
    target
}

fn nanos_since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
