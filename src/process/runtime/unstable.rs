//! What Tokio may still change.

use super::{
    figure::{Figure, whole},
    workers::sum,
};
use crate::model::{Kind, Number};

pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "tokio_blocking_threads",
        help: "Threads for blocking work, but the workers.",
        kind: Kind::Gauge,
        read: |runtime| whole(runtime.num_blocking_threads()),
    },
    Figure {
        name: "tokio_idle_blocking_threads",
        help: "Threads for blocking work that have nothing to do.",
        kind: Kind::Gauge,
        read: |runtime| whole(runtime.num_idle_blocking_threads()),
    },
    Figure {
        name: "tokio_blocking_queue_depth",
        help: "Blocking work that waits for a thread.",
        kind: Kind::Gauge,
        read: |runtime| whole(runtime.blocking_queue_depth()),
    },
    Figure {
        name: "tokio_spawned_tasks",
        help: "Tasks that were spawned.",
        kind: Kind::Counter,
        read: |runtime| Number::Unsigned(runtime.spawned_tasks_count()),
    },
    Figure {
        name: "tokio_remote_schedules",
        help: "Tasks that were scheduled from outside of the runtime.",
        kind: Kind::Counter,
        read: |runtime| Number::Unsigned(runtime.remote_schedule_count()),
    },
    Figure {
        name: "tokio_budget_forced_yields",
        help: "Tasks that had to make room for others, having used up their budget.",
        kind: Kind::Counter,
        read: |runtime| Number::Unsigned(runtime.budget_forced_yield_count()),
    },
    Figure {
        name: "tokio_worker_local_queue_depth",
        help: "Tasks that wait in workers' own queues.",
        kind: Kind::Gauge,
        read: |runtime| {
            sum(runtime, |worker| {
                runtime.worker_local_queue_depth(worker) as u64
            })
        },
    },
    Figure {
        name: "tokio_worker_noops",
        help: "Times that a worker was woken and found nothing to do.",
        kind: Kind::Counter,
        read: |runtime| sum(runtime, |worker| runtime.worker_noop_count(worker)),
    },
    Figure {
        name: "tokio_worker_stolen_tasks",
        help: "Tasks that a worker took from another one.",
        kind: Kind::Counter,
        read: |runtime| sum(runtime, |worker| runtime.worker_steal_count(worker)),
    },
    Figure {
        name: "tokio_worker_steal_operations",
        help: "Times that a worker took tasks from another one.",
        kind: Kind::Counter,
        read: |runtime| sum(runtime, |worker| runtime.worker_steal_operations(worker)),
    },
    Figure {
        name: "tokio_worker_polls",
        help: "Times that a task was polled.",
        kind: Kind::Counter,
        read: |runtime| sum(runtime, |worker| runtime.worker_poll_count(worker)),
    },
    Figure {
        name: "tokio_worker_local_schedules",
        help: "Tasks that a worker put into its own queue.",
        kind: Kind::Counter,
        read: |runtime| {
            sum(runtime, |worker| {
                runtime.worker_local_schedule_count(worker)
            })
        },
    },
    Figure {
        name: "tokio_worker_overflows",
        help: "Times that a worker's own queue was full.",
        kind: Kind::Counter,
        read: |runtime| sum(runtime, |worker| runtime.worker_overflow_count(worker)),
    },
];
