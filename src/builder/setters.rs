use super::MetricsLayerBuilder;
use crate::{
    Buckets, NativeHistogram, TraceId,
    naming::{LabelNames, Naming},
    request::ExemplarOf,
};
use http::request::Parts;
use prometheus_client::registry::Registry;
use quanta::Clock;

impl MetricsLayerBuilder {
    /// The buckets of the duration histogram. Defaults to [`Buckets::default`].
    pub fn buckets(mut self, buckets: Buckets) -> Self {
        self.buckets = buckets;
        self
    }

    /// How families and labels are called. Defaults to [`Naming::Prometheus`].
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Other names for labels than the [`naming`](Self::naming) has. Defaults to none.
    pub fn label_names(mut self, names: LabelNames) -> Self {
        self.label_names = names;
        self
    }

    /// A label that all series of the layer have, with the same value, after the labels of an earlier call.
    /// Defaults to none.
    ///
    /// What tells instances apart is better added by Prometheus when it scrapes them, as it does with `job` and
    /// `instance`, which are refused here. To Prometheus, a label with an empty value is no label.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().constant_label("tier", "front");
    /// # let _ = builder.pair()?;
    ///
    /// let error = MetricsLayer::builder().constant_label("job", "shop").pair().unwrap_err();
    /// assert!(error.to_string().contains("exported_job"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn constant_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.constant_labels.push((name.into(), value.into()));
        self
    }

    /// The value of the label `url_scheme` under [`Naming::OpenTelemetry`]: `https` where TLS ends in this process or
    /// before it. A scheme alone, without `://`. Defaults to `http`.
    ///
    /// It is not read from a client's headers, since a client could say anything. For outgoing requests, the scheme is
    /// that of the request's URI, and this one is only for URIs that have none.
    pub fn url_scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// What all names begin with: `shop` makes `shop_http_requests_total`. Defaults to nothing.
    ///
    /// It must begin with a letter and have only letters, digits and underscores. An underscore is put after it.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Routes whose requests are not recorded at all, by their templates: health checks, for one. Added to
    /// those of an earlier call. Defaults to none.
    ///
    /// A route is compared as a whole and as it is known when the request comes in: `/users/{id}` skips
    /// that route, `/users/7` skips nothing. `_unmatched` skips the requests that have no route. The first call to a
    /// gRPC method has none: with `_unmatched` skipped, declare methods with [`routes`](Self::routes), or their
    /// service with [`grpc_service`](Self::grpc_service).
    pub fn skip<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.skipped.extend(routes.into_iter().map(Into::into));
        self
    }

    /// Route templates for requests that no router names: of a plain hyper server, below a service mounted
    /// with `nest_service`, in a fallback, or where the layer is around a whole router. Added to those of an
    /// earlier call. Defaults to none.
    ///
    /// The syntax is that of axum 0.8: `/users/{id}`, `/files/{*path}`. A path is matched as this layer sees it,
    /// as a whole, with exact parts before parameters. A request that matches none is `_unmatched`. Up to three
    /// parameters, matching allocates nothing.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().routes(["/users/{id}", "/files/{*path}"]);
    /// # let _ = builder.pair()?;
    ///
    /// let error = MetricsLayer::builder().routes(["/users/:id"]).pair().unwrap_err();
    /// assert!(error.to_string().contains("write \"/users/{id}\""));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn routes<R: Into<String>>(mut self, templates: impl IntoIterator<Item = R>) -> Self {
        self.templates.extend(templates.into_iter().map(Into::into));
        self
    }

    /// Routes whose responses are streams, by their templates: `/tail/{id}`, `/pkg.Svc/Watch`. Added to those of
    /// an earlier call. Defaults to none; a response of type `text/event-stream` without a declared length is a
    /// stream in any case.
    ///
    /// The duration of a stream is the time to its head, it is in flight until it ends, and a client that leaves is its
    /// normal end: a gRPC call then has the status `OK`. A body that fails, and a panic, are errors as ever.
    ///
    /// A route is compared as a whole, as [`skip`](Self::skip) does it. This names no route that has none: where
    /// no router does it, [`routes`](Self::routes) has to, and of outgoing requests a
    /// [`RouteTemplate`](crate::RouteTemplate).
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (metrics, exposition) = MetricsLayer::builder()
    ///     .routes(["/tail/{id}", "/users/{id}"])
    ///     .streams(["/tail/{id}"])
    ///     .pair()?;
    /// # let _ = (metrics, exposition);
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn streams<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.streams.extend(routes.into_iter().map(Into::into));
        self
    }

    /// A gRPC service that is served here, by its full name: `grpc.health.v1.Health`. Added to those of
    /// earlier calls. Defaults to none.
    ///
    /// Methods are counted by their names without it, from the first call on that is OK. With it, calls to methods
    /// that never were OK are counted under `/grpc.health.v1.Health/_OTHER` and not under `_unmatched`. A stream that
    /// only its clients end never says OK: declare its path with [`streams`](Self::streams).
    pub fn grpc_service(mut self, service: impl Into<String>) -> Self {
        self.services.push(service.into());
        self
    }

    /// Measures outgoing requests: a layer around a client, with names that begin with `http_client_`.
    /// Defaults to measuring incoming ones.
    ///
    /// Only a [`RouteTemplate`](crate::RouteTemplate) in the request's extensions names its route, and never
    /// its URL. Where a response never came, `status` is `_none`, since the peer said nothing. A 4xx is an
    /// error here, as is every gRPC code but OK.
    pub fn client(mut self) -> Self {
        self.client = true;
        self
    }

    /// The peers of a [`client`](Self::client) that the label `peer` tells apart, by host, or by host and
    /// port: `billing`, `10.0.0.7:8080`, `[::1]:443`. All others are `_OTHER`. Added to those of an earlier call.
    /// Defaults to none, and no such label.
    ///
    /// The peer is that of the request's URI, whose port is 80 or 443, by its scheme, where it has none. A host
    /// with that port comes before the host alone, which is that host on any port, in whatever order they are
    /// listed. A [`Peer`](crate::Peer) in the request's extensions comes before the URI, and is needed where that
    /// is completed further inside, as a tonic channel does it. Since it is compared with the names as they are
    /// written here, it may also be one that is no host, such as `the bank`.
    ///
    /// Under [`Naming::OpenTelemetry`], `server_address` and `server_port` are what the list says of the peer. A
    /// peer that is listed without a port has no `server_port`; one that is no host has neither, and so have all
    /// that are not listed. The conventions require both labels, but a URI's host may come from a user, and then
    /// it would be a label's value without bounds: list the hosts that are to be seen.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (metrics, exposition) = MetricsLayer::builder()
    ///     .client()
    ///     .peers(["billing", "billing:8080", "the bank"])
    ///     .pair()?;
    /// # let _ = (metrics, exposition);
    ///
    /// let client = MetricsLayer::builder().client();
    /// let error = client.peers(["http://billing/"]).pair().unwrap_err();
    /// assert!(error.to_string().contains("write \"billing\""));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn peers<P: Into<String>>(mut self, peers: impl IntoIterator<Item = P>) -> Self {
        self.peers.extend(peers.into_iter().map(Into::into));
        self
    }

    /// How many label sets the layer may hold, at least one: combinations of method, route, status and the way a
    /// request ended. Defaults to 4 000, which is 72 000 series with the default buckets.
    ///
    /// Past it, new ones are counted under the route `_overflow`, with their method, status and error, and
    /// `http_overflowed_requests_total` says how many requests that were.
    pub fn max_label_sets(mut self, most: usize) -> Self {
        self.max_label_sets = most;
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
        F: Fn(&Parts) -> Option<TraceId> + Send + Sync + 'static,
    {
        self.exemplar_of = Some(ExemplarOf::new(exemplar_of));
        self
    }

    /// The clock that durations are measured with. Defaults to [`Clock::new`], which takes some ten
    /// milliseconds, up to two hundred, to calibrate the first time in a process. Tests use [`Clock::mock`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// A registry of your own metrics, which [`pair`](Self::pair) exposes on the same endpoint. Defaults to
    /// none.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Whether anything is measured. Defaults to `true`.
    ///
    /// `enabled(false)` builds the same types: requests pass through the layer and nothing is recorded, and the
    /// endpoint answers 503. That is for the endpoint as a whole, with the metrics of a
    /// [`registry`](Self::registry) of your own, since a scrape of a part would look like one of all.
    /// [`register`](Self::register) then registers nothing. Mistakes in the configuration are errors all the same.
    ///
    /// ```
    /// use tower::ServiceExt;
    /// use tower_red::MetricsLayer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let enabled = std::env::var("METRICS").is_ok_and(|value| value == "on");
    /// let (metrics, exposition) = MetricsLayer::builder().enabled(enabled).pair()?;
    ///
    /// let response = exposition.oneshot(http::Request::new(())).await?;
    /// assert_eq!(response.status(), if enabled { 200 } else { 503 });
    /// # let _ = metrics;
    /// # Ok(())
    /// # }
    /// ```
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }
}
