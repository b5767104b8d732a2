//! What is measured of requests, and how.

use crate::{
    Buckets, MetricsLayerBuilder, NativeHistogram, TestClock, TraceId, label::RequestHead,
    request::ExemplarOf,
};
use std::borrow::Borrow;

impl MetricsLayerBuilder {
    /// The buckets of the duration histogram. Defaults to [`Buckets::default`].
    pub fn buckets(mut self, buckets: Buckets) -> Self {
        self.buckets = buckets;
        self
    }

    /// A native histogram of durations, beside the classic buckets. Defaults to none.
    pub fn native_histogram(mut self, native: NativeHistogram) -> Self {
        self.native = Some(native);
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
