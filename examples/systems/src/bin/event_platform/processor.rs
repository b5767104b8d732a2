use crate::{kind::Kind, stats::Stats};
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use std::{sync::atomic::AtomicU64, time::Duration};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower_red::{ActiveOperation, Buckets, BuildError, Exposition, Operation, ResolvedOperation};

/// Events that may wait.
const ROOM: usize = 1_000;
/// What the model that reads events takes for a token.
const DOLLARS_A_TOKEN: f64 = 0.000_002;

/// An event that waits, and its wait, which the endpoint shows.
struct Waiting {
    event: String,
    wait: ActiveOperation,
}

/// The queue before the processor. The processor ends with its last clone, once it has done it all.
#[derive(Clone)]
pub(crate) struct Queue {
    events: mpsc::Sender<Waiting>,
    waits: ResolvedOperation,
}

impl Queue {
    /// Takes an event, if there is room.
    pub(crate) fn push(&self, event: String) -> bool {
        let wait = self.waits.start();
        match self.events.try_send(Waiting { event, wait }) {
            Ok(()) => true,
            Err(TrySendError::Full(refused) | TrySendError::Closed(refused)) => {
                refused.wait.fail("full");
                false
            }
        }
    }
}

/// Tokens by kind of event, and what they cost: plain metrics of `prometheus-client`.
#[derive(Clone, Default)]
pub(crate) struct ProcessorMetrics {
    tokens: Family<[(&'static str, &'static str); 1], Counter>,
    cost: Counter<f64, AtomicU64>,
}

impl ProcessorMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let processor = Self::default();
        let registry = registry.sub_registry_with_prefix("lynex_processor");
        registry.register("tokens", "Tokens of events", processor.tokens.clone());
        registry.register("cost_dollars", "What tokens cost", processor.cost.clone());
        processor
    }

    fn count(&self, kind: Kind, tokens: u32) {
        let labels = [("kind", kind.name())];
        self.tokens.get_or_create(&labels).inc_by(tokens.into());
        self.cost.inc_by(f64::from(tokens) * DOLLARS_A_TOKEN);
    }
}

/// Takes events from the queue, one after the other. It has no HTTP of its own.
pub(crate) struct Processor(JoinHandle<()>);

impl Processor {
    pub(crate) fn start(
        metrics: ProcessorMetrics,
        stats: Stats,
        exposition: &Exposition,
    ) -> Result<(Queue, Self), BuildError> {
        // Those that wait now are `lynex_processor_queue_active`: the depth of the queue.
        let waits = Operation::builder("lynex_processor_queue")
            .buckets(Buckets::fast())
            .expose_on(exposition)?
            .with([]);
        let work = Operation::builder("lynex_processor_event")
            .labels(["kind"])
            .buckets(Buckets::fast())
            .expose_on(exposition)?;
        let (events, waiting) = mpsc::channel(ROOM);
        let processing = tokio::spawn(process(waiting, work, metrics, stats));
        Ok((Queue { events, waits }, Self(processing)))
    }

    /// Waits until all is done, or that long.
    pub(crate) async fn end(self, grace: Duration) {
        timeout(grace, self.0).await.ok();
    }
}

async fn process(
    mut waiting: mpsc::Receiver<Waiting>,
    work: Operation<1>,
    metrics: ProcessorMetrics,
    stats: Stats,
) {
    while let Some(Waiting { event, wait }) = waiting.recv().await {
        wait.ok();
        let kind = Kind::of(&event);
        let read = work.with([kind.name()]).run(read(&event));
        if let Ok(tokens) = read.error_by(|reason| reason).await {
            metrics.count(kind, tokens);
            stats.add(kind);
        }
    }
}

/// Counts the tokens of an event, as if a model did.
async fn read(event: &str) -> Result<u32, &'static str> {
    sleep(Duration::from_millis(2)).await;
    let words = event.split_whitespace().count();
    match u32::try_from(words) {
        Ok(0) | Err(_) => Err("malformed"),
        Ok(tokens) => Ok(tokens),
    }
}
