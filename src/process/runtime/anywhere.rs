//! What there is on every machine.

use super::figure::{Figure, whole};
use crate::model::Kind;

pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "tokio_workers",
        help: "Worker threads of the runtime.",
        kind: Kind::Gauge,
        read: |runtime| whole(runtime.num_workers()),
    },
    Figure {
        name: "tokio_alive_tasks",
        help: "Tasks that were spawned and have not ended.",
        kind: Kind::Gauge,
        read: |runtime| whole(runtime.num_alive_tasks()),
    },
    Figure {
        name: "tokio_global_queue_depth",
        help: "Tasks that wait in the queue that all workers share.",
        kind: Kind::Gauge,
        read: |runtime| whole(runtime.global_queue_depth()),
    },
];
