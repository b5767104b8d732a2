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

    /// Other buckets for the durations of some routes, by their templates: reports that take minutes. Routes of a
    /// [`group`](Self::group) are named by that. Added to those of an earlier call. Defaults to none.
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

    /// Measures the time from the call to the head of the response, as `http_response_start_seconds`, in the default
    /// buckets. Defaults to nothing of that.
    ///
    /// A request that ends without a response has none.
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

    /// Lets `http_response_start_seconds` last until the first bytes of the body: the time to first byte, or of a
    /// streamed answer to its first token. Turns on [`response_start`](Self::response_start), if it is not. Defaults to
    /// the head.
    ///
    /// A response without a body has none.
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

    /// Measures the bytes of the response's body, as `http_response_body_bytes`, in [`Buckets::bytes`]. Defaults to
    /// nothing of that.
    ///
    /// It is what was handed to the server, once, at the end: less than was declared if the client left. A request that
    /// ends without a response has none.
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

    /// Measures the bytes of the request's body, as `http_request_body_bytes`, in [`Buckets::bytes`]. Defaults to
    /// nothing of that.
    ///
    /// It is what the request's `Content-Length` says, so that a request without that header has none: counting the
    /// bytes of a streamed upload would change the request's type for everybody.
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

    /// Which trace a request belongs to: of each bucket, the last one that belongs to one is kept as an exemplar,
    /// which the endpoint shows in OpenMetrics and protobuf. Defaults to none.
    ///
    /// It is asked once for each request, before the inner service, on its path: reading a header is fine.
    /// [`TraceId::from_traceparent`] does that. A panic in it is no trace. In a registry that the layer is
    /// [registered](Self::register) with, exemplars are not shown, since the library has no way to hand them
    /// over.
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

    /// A clock for tests, in place of the processor's. Defaults to that, which takes some ten milliseconds, up to two
    /// hundred, to calibrate the first time in a process.
    pub fn clock(mut self, clock: impl Borrow<TestClock>) -> Self {
        self.clock = Some(clock.borrow().clock());
        self
    }
}
