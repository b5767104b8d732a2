//! What is measured of requests, and how.

use crate::{
    Buckets, MetricsLayerBuilder, NativeHistogram, TestClock, TraceId, label::RequestHead,
    request::ExemplarOf,
};
use std::borrow::Borrow;

impl MetricsLayerBuilder {
    /// The buckets of the duration histogram. Defaults to [`Buckets::default`].
    ///
    /// ```
    /// use tower_red::{Buckets, MetricsLayer};
    ///
    /// let builder = MetricsLayer::builder().buckets(Buckets::fast()).initialize([("GET", "/")]);
    /// let (_metrics, exposition) = builder.pair()?;
    /// assert!(exposition.render()?.contains("le=\"0.01\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn buckets(mut self, buckets: Buckets) -> Self {
        self.measures.durations = buckets;
        self
    }

    /// Other buckets for the durations of some routes, by their templates, such as reports that take minutes. For
    /// routes of a [`group`](Self::group), give the group's name. Added to those of an earlier call. Defaults to none.
    ///
    /// The label `route` says which buckets a series has. A quantile over routes with different buckets is only as
    /// exact as their common bounds, so query it by route.
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

    /// Measures the time from the call to the head of the response, as `http_response_start_seconds`, in the default
    /// buckets. Off by default.
    ///
    /// A request that ends without a response is left out.
    pub fn response_start(self) -> Self {
        self.response_start_buckets(Buckets::default())
    }

    /// Measures [`response_start`](Self::response_start) in these buckets.
    ///
    /// ```
    /// use tower_red::{Buckets, MetricsLayer};
    ///
    /// let builder = MetricsLayer::builder().response_start_buckets(Buckets::fast());
    /// let (_metrics, exposition) = builder.initialize([("GET", "/")]).pair()?;
    /// assert!(exposition.render()?.contains("http_response_start_seconds_count"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn response_start_buckets(mut self, buckets: Buckets) -> Self {
        self.measures.response_start = Some(buckets);
        self
    }

    /// Measures `http_response_start_seconds` until the first bytes of the body instead: the time to first byte, or to
    /// the first token of a streamed answer. Turns on [`response_start`](Self::response_start). Defaults to the head.
    ///
    /// A response without a body is left out.
    ///
    /// ```
    /// use tower_red::{Buckets, MetricsLayer};
    ///
    /// let builder = MetricsLayer::builder()
    ///     .response_start_buckets(Buckets::medium())
    ///     .time_to_first_byte();
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn time_to_first_byte(mut self) -> Self {
        self.measures.first_byte = true;
        self.measures.response_start.get_or_insert_default();
        self
    }

    /// Measures the bytes of the response's body, as `http_response_body_bytes`, in [`Buckets::bytes`]. Off by default.
    ///
    /// It is the number of bytes that were handed to the server, recorded once, at the end: fewer than declared if the
    /// client left. A request that ends without a response is left out.
    ///
    /// ```
    /// use tower::{Layer, ServiceExt};
    /// use tower_red::MetricsLayer;
    /// # use http_body_util::BodyExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (metrics, exposition) = MetricsLayer::builder().response_body_bytes().pair()?;
    /// let service = metrics.layer(tower::service_fn(|_: http::Request<String>| async {
    ///     Ok::<_, std::convert::Infallible>(http::Response::new(String::from("hello")))
    /// }));
    /// let response = service.oneshot(http::Request::new(String::new())).await?;
    /// response.into_body().collect().await?;
    ///
    /// let text = exposition.render()?;
    /// assert!(text.contains("http_response_body_bytes_sum{method=\"GET\",route=\"_unmatched\",status=\"200\"} 5"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn response_body_bytes(self) -> Self {
        self.response_body_buckets(Buckets::bytes())
    }

    /// Measures [`response_body_bytes`](Self::response_body_bytes) in these buckets.
    pub fn response_body_buckets(mut self, buckets: Buckets) -> Self {
        self.measures.response_body = Some(buckets);
        self
    }

    /// Measures the bytes of the request's body, as `http_request_body_bytes`, in [`Buckets::bytes`]. Off by default.
    ///
    /// It is the request's `Content-Length`, which is what the client declares and may not send. A request without that
    /// header is left out, and so is one that declares more than a tebibyte (2^40 bytes). To count the bytes of a
    /// streamed upload, the layer would have to change the type of every request.
    pub fn request_body_bytes(self) -> Self {
        self.request_body_buckets(Buckets::bytes())
    }

    /// Measures [`request_body_bytes`](Self::request_body_bytes) in these buckets.
    pub fn request_body_buckets(mut self, buckets: Buckets) -> Self {
        self.measures.request_body = Some(buckets);
        self
    }

    /// A native histogram of durations, beside the classic buckets. Defaults to none.
    pub fn native_histogram(mut self, native: NativeHistogram) -> Self {
        self.measures.native = Some(native);
        self
    }

    /// Says which trace a request belongs to. For each bucket, the trace of a recent request is kept as an exemplar,
    /// which the endpoint shows in OpenMetrics and protobuf. Defaults to none.
    ///
    /// The function is called once for each request, before the inner service, so it must be fast: reading a header is
    /// fine. [`TraceId::from_traceparent`] does that. If it panics, there is no trace. A registry that the layer is
    /// [registered](Self::register) with does not show exemplars, since the library has no way to pass them on.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, TraceId};
    ///
    /// let builder = MetricsLayer::builder().exemplar(|head| TraceId::from_traceparent(head.headers));
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn exemplar(
        mut self,
        exemplar_of: impl Fn(RequestHead<'_>) -> Option<TraceId> + Send + Sync + 'static,
    ) -> Self {
        self.exemplar_of = Some(ExemplarOf::new(exemplar_of));
        self
    }

    /// A clock for tests. Defaults to the processor's clock, which takes about ten milliseconds, and up to two hundred,
    /// to calibrate the first time in a process.
    pub fn clock(mut self, clock: impl Borrow<TestClock>) -> Self {
        self.clock = Some(clock.borrow().clock());
        self
    }
}
