//! What a runtime of Tokio's says of itself.

mod anywhere;
mod figure;
mod metrics;
#[cfg(all(tokio_unstable, target_has_atomic = "64"))]
mod unstable;
#[cfg(target_has_atomic = "64")]
mod workers;

pub use self::metrics::TokioMetrics;
