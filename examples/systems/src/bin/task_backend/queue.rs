use crate::kind::Kind;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use rusqlite::Error;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{
        Mutex,
        mpsc::{self, OwnedPermit},
    },
    task::JoinSet,
    time::{sleep, timeout},
};
use tower_red::{Buckets, BuildError, Exposition, Operation};
use tower_red_systems::Database;

/// Tasks that may wait.
const ROOM: usize = 100;
/// Tasks that run at once.
const WORKERS: usize = 2;
/// How often a task is tried.
const TRIES: u32 = 3;

/// A task that waits.
pub(crate) struct Task {
    pub(crate) id: i64,
    pub(crate) kind: Kind,
}

/// What waits. The workers end with its last clone, once they have done it all.
#[derive(Clone)]
pub(crate) struct Queue {
    tasks: mpsc::Sender<Task>,
    length: Gauge,
}

/// The length of a queue and its retries: plain metrics of `prometheus-client`.
#[derive(Clone, Default)]
pub(crate) struct QueueMetrics {
    length: Gauge,
    retries: Family<[(&'static str, &'static str); 1], Counter>,
}

impl QueueMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let queue = Self::default();
        registry.register("queue_length", "Tasks that wait", queue.length.clone());
        let help = "Tries of tasks after the first";
        registry.register("queue_retries", help, queue.retries.clone());
        queue
    }
}

impl Queue {
    /// A place for a task, if there is room.
    pub(crate) fn reserve(&self) -> Option<Place> {
        Some(Place {
            permit: self.tasks.clone().try_reserve_owned().ok()?,
            length: self.length.clone(),
        })
    }
}

/// A place in the queue. Dropping it leaves it to others.
pub(crate) struct Place {
    permit: OwnedPermit<Task>,
    length: Gauge,
}

impl Place {
    pub(crate) fn fill(self, task: Task) {
        // Before a worker can have it.
        self.length.inc();
        self.permit.send(task);
    }
}

/// Those who do what waits.
pub(crate) struct Workers(JoinSet<()>);

impl Workers {
    pub(crate) fn start(
        metrics: QueueMetrics,
        database: Database,
        exposition: &Exposition,
    ) -> Result<(Queue, Self), BuildError> {
        let runs = Operation::builder("queue_task")
            .labels(["kind"])
            .buckets(Buckets::fast())
            .expose_on(exposition)?;
        let (tasks, waiting) = mpsc::channel(ROOM);
        let queue = Queue {
            tasks,
            length: metrics.length.clone(),
        };
        let worker = Worker {
            waiting: Arc::new(Mutex::new(waiting)),
            runs,
            metrics,
            database,
        };
        let workers = (0..WORKERS).map(|_| worker.clone().work()).collect();
        Ok((queue, Self(workers)))
    }

    /// Waits until all is done, or that long.
    pub(crate) async fn end(mut self, grace: Duration) {
        timeout(grace, async { while self.0.join_next().await.is_some() {} })
            .await
            .ok();
    }
}

#[derive(Clone)]
struct Worker {
    waiting: Arc<Mutex<mpsc::Receiver<Task>>>,
    runs: Operation<1>,
    metrics: QueueMetrics,
    database: Database,
}

impl Worker {
    async fn work(self) {
        while let Some(task) = self.next().await {
            self.metrics.length.dec();
            // A task is one operation, however often it is tried. Its state says how it ended.
            let runs = self.runs.with([task.kind.name()]);
            runs.run(self.run(&task)).error_by(|kind| kind).await.ok();
        }
    }

    async fn next(&self) -> Option<Task> {
        self.waiting.lock().await.recv().await
    }

    async fn run(&self, task: &Task) -> Result<(), &'static str> {
        for number in 1..=TRIES {
            if number > 1 {
                let labels = [("kind", task.kind.name())];
                self.metrics.retries.get_or_create(&labels).inc();
            }
            sleep(task.kind.takes()).await;
            if task.kind.succeeds(number) {
                return self.note(task.id, "done").await.map_err(|_| "database");
            }
        }
        self.note(task.id, "failed").await.map_err(|_| "database")?;
        Err("gave_up")
    }

    async fn note(&self, task: i64, state: &'static str) -> Result<(), Error> {
        let update = self.database.run("update", "tasks", move |database| {
            let query = "UPDATE tasks SET state = ? WHERE id = ?";
            database.execute(query, (state, task))
        });
        update.await.map(|_| ())
    }
}
