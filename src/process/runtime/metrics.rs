use super::{super::family::family, anywhere, figure::Figure};
use crate::{
    format::encode_families,
    model::{Family, push_label},
};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
use std::fmt;
use tokio::runtime::{Handle, RuntimeMetrics};

/// [`Collector`] of the metrics of Tokio's runtime, summed over its workers. With the feature `tokio`.
///
/// | family | type | |
/// |---|---|---|
/// | `tokio_workers` | gauge | worker threads |
/// | `tokio_alive_tasks` | gauge | tasks that were spawned and have not ended |
/// | `tokio_global_queue_depth` | gauge | tasks that wait in the queue that all workers share |
/// | `tokio_worker_busy_seconds_total` | counter | time that workers were busy: at most one second a second for each |
/// | `tokio_worker_parks_total` | counter | times that a worker had nothing to do |
/// | `tokio_parked_workers` | gauge | workers that have nothing to do now |
///
/// With `--cfg tokio_unstable`, which Tokio requires for metrics that may still change, also:
///
/// | family | type | |
/// |---|---|---|
/// | `tokio_blocking_threads` | gauge | threads for blocking work, but the workers |
/// | `tokio_idle_blocking_threads` | gauge | those of them that have nothing to do |
/// | `tokio_blocking_queue_depth` | gauge | blocking work that waits for a thread |
/// | `tokio_spawned_tasks_total` | counter | tasks that were spawned |
/// | `tokio_remote_schedules_total` | counter | tasks that were scheduled from outside of the runtime |
/// | `tokio_budget_forced_yields_total` | counter | tasks that had to make room for others, having used up their budget |
/// | `tokio_worker_local_queue_depth` | gauge | tasks that wait in workers' own queues |
/// | `tokio_worker_noops_total` | counter | times that a worker was woken and found nothing to do |
/// | `tokio_worker_stolen_tasks_total` | counter | tasks that a worker took from another one |
/// | `tokio_worker_steal_operations_total` | counter | times that it did so |
/// | `tokio_worker_polls_total` | counter | times that a task was polled |
/// | `tokio_worker_local_schedules_total` | counter | tasks that a worker put into its own queue |
/// | `tokio_worker_overflows_total` | counter | times that a worker's own queue was full |
///
/// Each scrape reads all of them, and nothing is kept in between, so any number of scrapers may ask. Machines without
/// 64-bit atomics only have the first three gauges. A runtime that was shut down shows its last values; the handle here
/// does not keep it alive.
///
/// ```
/// use tokio::runtime::Handle;
/// use tower_red::{MetricsLayer, TokioMetrics};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = TokioMetrics::new(&Handle::current());
/// let (metrics, exposition) = MetricsLayer::builder().collector(runtime).pair()?;
/// # let _ = metrics;
/// assert!(exposition.render()?.contains("\ntokio_workers 1\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a collector shows nothing unless an endpoint exposes it"]
pub struct TokioMetrics {
    /// By the text of their labels.
    runtimes: Vec<(String, RuntimeMetrics)>,
}

impl TokioMetrics {
    /// For one runtime, without labels: usually `&Handle::current()`.
    pub fn new(runtime: &Handle) -> Self {
        Self {
            runtimes: vec![(String::new(), runtime.metrics())],
        }
    }

    /// For several runtimes. The names are the values of the label `runtime`. If a name is repeated, the last runtime
    /// counts.
    ///
    /// ```
    /// use tokio::runtime::Builder;
    /// use tower_red::{MetricsLayer, TokioMetrics};
    ///
    /// let http = Builder::new_multi_thread().worker_threads(3).build()?;
    /// let jobs = Builder::new_current_thread().build()?;
    /// let runtimes = TokioMetrics::by_name([("http", http.handle()), ("jobs", jobs.handle())]);
    /// let (metrics, exposition) = MetricsLayer::builder().collector(runtimes).pair()?;
    /// # let _ = metrics;
    /// let text = exposition.render()?;
    /// assert!(text.contains("\ntokio_workers{runtime=\"http\"} 3\ntokio_workers{runtime=\"jobs\"} 1\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_name<'a, N: Into<String>>(
        runtimes: impl IntoIterator<Item = (N, &'a Handle)>,
    ) -> Self {
        let mut all: Vec<(String, RuntimeMetrics)> = Vec::new();
        for (name, runtime) in runtimes {
            let mut labels = String::new();
            push_label(&mut labels, "runtime", &name.into());
            all.retain(|(other, _)| *other != labels);
            all.push((labels, runtime.metrics()));
        }
        Self { runtimes: all }
    }

    fn families(&self) -> Vec<Family> {
        let mut families = Vec::new();
        for figure in all_figures() {
            let series = self.runtimes.iter();
            let series = series.map(|(labels, runtime)| (labels.clone(), (figure.read)(runtime)));
            families.push(family(
                figure.name,
                figure.help,
                figure.kind,
                series.collect(),
            ));
        }
        families
    }
}

impl Collector for TokioMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        encode_families(&self.families(), &mut encoder)
    }
}

/// All figures that this version of Tokio has on this machine.
fn all_figures() -> impl Iterator<Item = &'static Figure> {
    let all = anywhere::FIGURES.iter();
    #[cfg(target_has_atomic = "64")]
    let all = all.chain(super::workers::FIGURES);
    #[cfg(all(tokio_unstable, target_has_atomic = "64"))]
    let all = all.chain(super::unstable::FIGURES);
    all
}
