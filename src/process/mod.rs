//! The process that serves: what the operating system and Tokio's runtime say of it, and which build it is.

mod build_info;
mod family;
#[cfg(all(feature = "process", target_os = "linux"))]
mod linux;
#[cfg(feature = "process")]
mod process_metrics;
#[cfg(feature = "tokio")]
mod runtime;

pub use self::build_info::BuildInfo;
#[cfg(feature = "process")]
pub use self::process_metrics::ProcessMetrics;
#[cfg(feature = "tokio")]
pub use self::runtime::TokioMetrics;
