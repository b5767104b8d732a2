//! What is measured of requests, and how.

use crate::{
    Buckets, MetricsLayerBuilder, NativeHistogram, TestClock, TraceId, label::RequestHead,
    request::ExemplarOf,
};
use std::borrow::Borrow;

impl MetricsLayerBuilder {
    /// The buckets of the duration histogram. Defaults to [`Buckets::default`].
    pub fn buckets(mut self, buckets: Buckets) -> Self {
        self.measures.durations = buckets;
        self
    }

    /// Other buckets for the durations of some routes, by their templates: reports that take minutes. Added to those of
    /// an earlier call. Defaults to none.
    ///
    /// The label `route` tells which buckets a series has. A quantile over routes of different buckets is only as exact
    /// as the bounds that these have in common: ask for it by route.
    ///
    /// ```
    /// use tower_red::{Buckets, MetricsLayer};
    ///
    /// let builder = MetricsLayer::builder()
    ///     .buckets(Buckets::fast())
    ///     .buckets_for(["/report/{id}"], Buckets::slow());
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn buckets_for<R: Into<String>>(
        mut self,
        routes: impl IntoIterator<Item = R>,
        buckets: Buckets,
    ) -> Self {
        let routes = routes.into_iter().map(Into::into).collect();
        self.measures.by_route.push((routes, buckets));
        self
    }

    /// A native histogram of durations, beside the classic buckets. Defaults to none.
    pub fn native_histogram(mut self, native: NativeHistogram) -> Self {
        self.measures.native = Some(native);
        self
    }

    /// Which trace a request belongs to: of each bucket, the last one that belongs to one is kept as an exemplar,
    /// which the endpoint shows in OpenMetrics and protobuf. Defaults to none.
    ///
    /// It is asked once for each request, before the inner service, on its path: reading a header is fine.
    /// [`TraceId::from_traceparent`] does that. A panic in it is no trace. In a registry that the layer is
    /// [registered](Self::register) with, exemplars are not shown, since the library has no way to hand them
    /// over.
    pub fn exemplar<F>(mut self, exemplar_of: F) -> Self
    where
        F: Fn(RequestHead<'_>) -> Option<TraceId> + Send + Sync + 'static,
    {
        self.exemplar_of = Some(ExemplarOf::new(exemplar_of));
        self
    }

    /// A clock for tests, in place of the processor's. Defaults to that, which takes some ten milliseconds, up to two
    /// hundred, to calibrate the first time in a process.
    pub fn clock(mut self, clock: impl Borrow<TestClock>) -> Self {
        self.clock = Some(clock.borrow().clock());
        self
    }
}
