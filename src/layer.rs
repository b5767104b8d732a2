use crate::{Metrics, request::Recorder, sync::yield_now};
use std::fmt;
use tower_layer::Layer;

/// [`Layer`] that records request counters, error counters and duration histograms.
///
/// See the [crate docs](crate) for what is recorded, and when. [`MetricsLayer::pair`] makes one with the defaults, and
/// [`MetricsLayer::builder`] configures one.
///
/// Cloning and applying it only copies a pointer. One layer may be added to several routers, ports and services, which
/// then share their counts. Two layers around the same request count it twice.
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

    /// Waits until no request is in flight: all requests that were sent before are then counted. Returns at once if the
    /// layer is not [`enabled`](crate::MetricsLayerBuilder::enabled).
    ///
    /// This is for tests. It polls, and lets the runtime do other work in between. A client may have the last byte of a
    /// response before the server has noticed that it was the last.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (metrics, exposition) = tower_red::MetricsLayer::pair();
    /// metrics.idle().await;
    /// assert_eq!(exposition.snapshot().in_flight().value(), 0);
    /// # }
    /// ```
    pub async fn idle(&self) {
        while self.recorder.is_some_and(|recorder| !recorder.is_idle()) {
            yield_now().await;
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
