use crate::{Metrics, request::Recorder};
use std::fmt;
use tower_layer::Layer;

/// [`Layer`] that records request counters, error counters and duration histograms.
///
/// See the [crate docs](crate) for what is recorded, and when. Made by [`MetricsLayer::pair`] with the defaults, or
/// configured with [`MetricsLayer::builder`].
///
/// Cloning it, and applying it, copy a pointer: one layer may be added to several routers, ports and
/// services, and they share their counts. Two layers around the same request count it twice.
///
/// ```
/// use tower_red::MetricsLayer;
///
/// let (metrics, _exposition) = MetricsLayer::pair();
/// let service = tower::ServiceBuilder::new()
///     .layer(metrics)
///     .service_fn(|_: http::Request<String>| async {
///         Ok::<_, std::convert::Infallible>(http::Response::new(String::from("hi")))
///     });
/// # drop(service);
/// ```
#[derive(Clone)]
#[must_use]
pub struct MetricsLayer {
    recorder: Option<&'static Recorder>,
}

impl MetricsLayer {
    /// The recorder lives as long as the process, so that services and requests share it without a reference
    /// count, which every request would have to write.
    pub(crate) fn new(recorder: &'static Recorder) -> Self {
        Self {
            recorder: Some(recorder),
        }
    }

    /// A layer that does nothing.
    pub(crate) fn disabled() -> Self {
        Self { recorder: None }
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Metrics::new(inner, self.recorder)
    }
}

impl fmt::Debug for MetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayer").finish_non_exhaustive()
    }
}
