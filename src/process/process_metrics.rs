#[cfg(target_os = "linux")]
use super::linux::families;
use crate::format::encode_families;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
use std::fmt;

/// [`Collector`] of metrics of this process from the operating system, under the names that all Prometheus clients use.
/// With the feature `process`.
///
/// | family | type | |
/// |---|---|---|
/// | `process_cpu_seconds_total` | counter | time on processors, by itself and in the kernel |
/// | `process_open_fds` | gauge | file descriptors that are open |
/// | `process_max_fds` | gauge | the most that may be open |
/// | `process_resident_memory_bytes` | gauge | memory that is in RAM |
/// | `process_start_time_seconds` | gauge | when the process started, since 1970 |
/// | `process_threads` | gauge | threads |
/// | `process_virtual_memory_bytes` | gauge | address space in use |
/// | `process_virtual_memory_max_bytes` | gauge | the most that may be in use |
///
/// Each scrape reads them from /proc, and nothing is kept in between. A missing limit is shown as 2<sup>64</sup>−1.
/// Metrics that cannot be read are left out; on other systems than Linux, that is all of them. Before Linux 6.2, open
/// file descriptors are counted one by one, including the one for the listing.
///
/// ```
/// use tower_red::{MetricsLayer, ProcessMetrics};
///
/// let (metrics, exposition) = MetricsLayer::builder().collector(ProcessMetrics::new()).pair()?;
/// # let _ = metrics;
/// let text = exposition.render()?;
/// assert_eq!(text.contains("\nprocess_open_fds "), cfg!(target_os = "linux"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// To add it to a registry of your own, use `registry.register_collector(Box::new(ProcessMetrics::new()))`.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a collector shows nothing unless an endpoint exposes it"]
#[non_exhaustive]
pub struct ProcessMetrics;

impl ProcessMetrics {
    /// Of this process.
    pub const fn new() -> Self {
        Self
    }
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        encode_families(&families(), &mut encoder)
    }
}

#[cfg(not(target_os = "linux"))]
fn families() -> [crate::model::Family; 0] {
    []
}
