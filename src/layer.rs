use crate::{
    Exposition, Metrics, MetricsLayerBuilder,
    label::{route::Routes, traces::Tracing},
    store::Store,
};
use quanta::Clock;
use std::fmt;
use tower_layer::Layer;

/// [`Layer`] that records request counters, error counters and duration histograms.
///
/// See the [crate docs](crate) for what is recorded, and when. Made by [`MetricsLayer::pair`], or by
/// [`MetricsLayer::builder`] for everything that can be configured.
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
    shared: &'static Shared,
}

impl MetricsLayer {
    /// A layer with the default configuration, and the endpoint that exposes what it records.
    ///
    /// The same as `MetricsLayer::builder().pair()`, which cannot fail when nothing is configured.
    pub fn pair() -> (Self, Exposition) {
        MetricsLayerBuilder::new().into_config().0.into_pair()
    }

    /// A builder with the default configuration.
    pub fn builder() -> MetricsLayerBuilder {
        MetricsLayerBuilder::new()
    }

    /// What the layer records into lives as long as the process: services and requests then share it
    /// without a reference count, which every request would have to write.
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared: Box::leak(Box::new(shared)),
        }
    }

    pub(crate) fn shared(&self) -> &'static Shared {
        self.shared
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Metrics::new(inner, self.shared)
    }
}

impl fmt::Debug for MetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayer").finish_non_exhaustive()
    }
}

/// What a layer, its services and their requests share. Read by every request, written by none.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) routes: Routes,
    pub(crate) store: Store,
    /// If requests are exemplars.
    pub(crate) tracing: Option<Tracing>,
    /// Whether the version of HTTP is a label, and what knows it: a server's request, a client's response.
    pub(crate) shows_request_version: bool,
    pub(crate) shows_response_version: bool,
}
