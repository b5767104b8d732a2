/// What the durations' histogram shows of the status. Each value is a whole histogram more, for each method and route.
///
/// With the names of OpenTelemetry, whose requests are counted by the histogram, `error_type` of a response is the code
/// with [`Code`](Self::Code), and otherwise the class, `5xx`. gRPC calls have their code there.
///
/// ```
/// use tower_red::{DurationStatus, MetricsLayer};
///
/// let builder = MetricsLayer::builder().duration_status(DurationStatus::Class);
/// # let _ = builder.pair()?;
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DurationStatus {
    /// The code, as counters show it: `status="404"`.
    #[default]
    Code,
    /// The class of the code, `status="4xx"`, and no `grpc_status`.
    Class,
    /// Neither `status` nor `grpc_status`.
    None,
}
