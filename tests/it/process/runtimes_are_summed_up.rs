//! `tokio_*` is what runtimes say of themselves, whoever else asks them.

use super::{nothing, scrape, types};
use crate::support::until;
use std::{
    future::pending,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Handle, Runtime};
use tower_red::TokioMetrics;

fn idle_runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn names_and_types() {
    let runtime = idle_runtime();
    let exposition = nothing().collector(TokioMetrics::new(runtime.handle()));
    let text = exposition.render().unwrap();
    let stable = [
        "tokio_workers gauge",
        "tokio_alive_tasks gauge",
        "tokio_global_queue_depth gauge",
        "tokio_worker_busy_seconds_total counter",
        "tokio_worker_parks_total counter",
        "tokio_parked_workers gauge",
    ];
    let unstable = [
        "tokio_blocking_threads gauge",
        "tokio_idle_blocking_threads gauge",
        "tokio_blocking_queue_depth gauge",
        "tokio_spawned_tasks_total counter",
        "tokio_remote_schedules_total counter",
        "tokio_budget_forced_yields_total counter",
        "tokio_worker_local_queue_depth gauge",
        "tokio_worker_noops_total counter",
        "tokio_worker_stolen_tasks_total counter",
        "tokio_worker_steal_operations_total counter",
        "tokio_worker_polls_total counter",
        "tokio_worker_local_schedules_total counter",
        "tokio_worker_overflows_total counter",
    ];
    let unstable = unstable.into_iter().filter(|_| cfg!(tokio_unstable));
    let expected: Vec<_> = stable.into_iter().chain(unstable).collect();
    assert_eq!(types(&text), expected);
}

#[test]
fn tasks_are_counted_until_they_end() {
    let runtime = idle_runtime();
    let exposition = nothing().collector(TokioMetrics::new(runtime.handle()));
    let figures = |names: [&str; 3]| {
        let scrape = scrape(&exposition);
        names.map(|name| scrape.get(name))
    };
    let names = [
        "tokio_workers",
        "tokio_alive_tasks",
        "tokio_global_queue_depth",
    ];
    assert_eq!(figures(names), [1.0, 0.0, 0.0]);
    // Nobody drives the runtime: they wait.
    let short = runtime.spawn(async {});
    let endless = runtime.spawn(pending::<()>());
    assert_eq!(figures(names), [1.0, 2.0, 2.0]);
    runtime.block_on(short).unwrap();
    assert_eq!(figures(names), [1.0, 1.0, 0.0]);
    endless.abort();
    assert!(runtime.block_on(endless).unwrap_err().is_cancelled());
    assert_eq!(figures(names), [1.0, 0.0, 0.0]);
}

#[test]
fn busy_time_is_in_seconds_and_only_goes_up() {
    let runtime = idle_runtime();
    let exposition = nothing().collector(TokioMetrics::new(runtime.handle()));
    let busy = || scrape(&exposition).get("tokio_worker_busy_seconds_total");
    let (start, before) = (Instant::now(), busy());
    let work = Duration::from_millis(20);
    let task = runtime.spawn(async move {
        let start = Instant::now();
        while start.elapsed() < work {}
    });
    runtime.block_on(task).unwrap();
    // Counted when the worker next has nothing to do.
    runtime.block_on(async {
        tokio::task::yield_now().await;
    });
    drop(runtime);
    let (took, at_most) = (busy() - before, start.elapsed().as_secs_f64());
    assert!(took >= 0.02 && took <= at_most, "{took} of {at_most}");
}

#[tokio::test]
async fn idle_workers_are_parked() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(3)
        .build()
        .unwrap();
    let exposition = nothing().collector(TokioMetrics::new(runtime.handle()));
    let all_parked = || async { scrape(&exposition).get("tokio_parked_workers") == 3.0 };
    until("three parked workers", all_parked).await;
    assert!(scrape(&exposition).get("tokio_worker_parks_total") >= 3.0);
    assert_eq!(scrape(&exposition).get("tokio_workers"), 3.0);
    runtime.shutdown_background();
}

#[test]
fn scrapers_do_not_disturb_each_other() {
    let runtime = idle_runtime();
    runtime.block_on(async { tokio::spawn(async {}).await.unwrap() });
    let one = nothing().collector(TokioMetrics::new(runtime.handle()));
    let other = nothing().collector(TokioMetrics::new(runtime.handle()));
    let text = one.render().unwrap();
    for _ in 0..3 {
        assert_eq!(one.render().unwrap(), text);
        assert_eq!(other.render().unwrap(), text);
    }
}

#[test]
fn several_runtimes_have_a_label_and_the_last_of_a_name_counts() {
    let [http, jobs, more_jobs] = [idle_runtime(), idle_runtime(), idle_runtime()];
    more_jobs.spawn(async {});
    let runtimes = TokioMetrics::by_name([
        ("jobs", jobs.handle()),
        ("h\"ttp", http.handle()),
        ("jobs", more_jobs.handle()),
    ]);
    let text = nothing().collector(runtimes).render().unwrap();
    let alive = text
        .lines()
        .filter(|line| line.starts_with("tokio_alive_tasks"));
    let expected = [
        r#"tokio_alive_tasks{runtime="h\"ttp"} 0"#,
        r#"tokio_alive_tasks{runtime="jobs"} 1"#,
    ];
    assert_eq!(alive.collect::<Vec<_>>(), expected);
    let none = TokioMetrics::by_name::<&str>([]);
    let text = nothing().collector(none).render().unwrap();
    assert!(text.lines().all(|line| line.starts_with('#')), "{text}");
}

#[test]
fn a_runtime_is_not_kept_alive_by_its_figures() {
    let runtime = idle_runtime();
    let (alive, gone) = std::sync::mpsc::channel::<()>();
    runtime.spawn(async move {
        let _alive = alive;
        pending::<()>().await;
    });
    let exposition = nothing().collector(TokioMetrics::new(runtime.handle()));
    drop(runtime);
    assert!(gone.recv().is_err());
    assert_eq!(scrape(&exposition).get("tokio_alive_tasks"), 0.0);
}

#[tokio::test]
async fn the_runtime_that_serves_is_the_current_one() {
    let exposition = nothing().collector(TokioMetrics::new(&Handle::current()));
    assert_eq!(scrape(&exposition).get("tokio_workers"), 1.0);
}
