/// A family that a layer has by default.
///
/// ```
/// use tower_red::{MetricsLayer, RedFamily};
///
/// let builder = MetricsLayer::builder().without(RedFamily::InFlight);
/// let (_metrics, exposition) = builder.pair()?;
/// assert!(!exposition.render().unwrap().contains("in_flight"));
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedFamily {
    /// `http_requests_total`.
    Requests,
    /// `http_errors_total`.
    Errors,
    /// `http_requests_cancelled_total`.
    Cancelled,
    /// `http_request_duration_seconds`.
    Durations,
    /// `http_requests_in_flight`.
    InFlight,
    /// `http_overflowed_requests_total`.
    Overflowed,
    /// `http_label_sets`.
    LabelSets,
}
