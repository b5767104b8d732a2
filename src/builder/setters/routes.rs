//! Which routes and peers are told apart.

use crate::{MetricsLayerBuilder, request::Expected};

impl MetricsLayerBuilder {
    /// Routes whose requests are not recorded at all, by their templates, such as health checks. Added to those of an
    /// earlier call. Defaults to none.
    ///
    /// The whole route is compared, as it is known when the request comes in: `/users/{id}` skips that route,
    /// `/users/7` skips nothing. `_unmatched` skips requests without a route. The first call to a gRPC method is one of
    /// them: if you skip `_unmatched`, declare methods with [`routes`](Self::routes), or their service with
    /// [`grpc_service`](Self::grpc_service).
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().skip(["/healthz", "/readyz"]);
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn skip<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.routes
            .skipped
            .extend(routes.into_iter().map(Into::into));
        self
    }

    /// Route templates for requests that have no route from a router: of a plain hyper server, of a service mounted
    /// with `nest_service`, of a fallback, or if the layer is around a whole router. Added to those of an earlier call.
    /// Defaults to none.
    ///
    /// The syntax is that of axum 0.8: `/users/{id}`, `/files/{*path}`. The whole path is matched, as this layer sees
    /// it, and exact parts come before parameters. A request that matches none is `_unmatched`. Matching allocates
    /// nothing for up to three parameters.
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
        self.routes
            .templates
            .extend(templates.into_iter().map(Into::into));
        self
    }

    /// Routes whose responses are streams, by their templates: `/tail/{id}`, `/pkg.Svc/Watch`. Added to those of
    /// an earlier call. Defaults to none; a response of type `text/event-stream` without a declared length is a
    /// stream in any case.
    ///
    /// The duration of a stream is the time to its head. It is in flight until it ends, and a client that leaves is its
    /// normal end: a gRPC call then has the status `OK`. A body that fails and a panic are errors, as for other
    /// requests.
    ///
    /// The whole route is compared, as by [`skip`](Self::skip). This setting does not match paths: without a router,
    /// declare the route with [`routes`](Self::routes), too, and for outgoing requests use a
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
        self.routes
            .streams
            .extend(routes.into_iter().map(Into::into));
        self
    }

    /// A gRPC service that is served here, by its full name: `grpc.health.v1.Health`. Added to those of
    /// earlier calls. Defaults to none.
    ///
    /// Even without it, a method is counted under its name from its first OK call on. With it, calls to a method that
    /// was never OK are counted under `/grpc.health.v1.Health/_OTHER` instead of `_unmatched`. A stream that only
    /// clients end never says OK: declare its path with [`streams`](Self::streams).
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().grpc_service("grpc.health.v1.Health");
    /// # let _ = builder.pair()?;
    ///
    /// let error = MetricsLayer::builder().grpc_service("/Health").pair().unwrap_err();
    /// assert!(error.to_string().contains("\"/Health\""));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn grpc_service(mut self, service: impl Into<String>) -> Self {
        self.routes.services.push(service.into());
        self
    }

    /// Measures outgoing requests: a layer around a client, with names that begin with `http_client_`.
    /// Defaults to measuring incoming ones.
    ///
    /// Only a [`RouteTemplate`](crate::RouteTemplate) in the request's extensions names its route. The URL never does.
    /// Without a response, `status` is `_none`. A 4xx is an error here, and so is every gRPC code but OK.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (_metrics, exposition) = MetricsLayer::builder().client().pair()?;
    /// assert!(exposition.render()?.contains("http_client_requests_in_flight"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client(mut self) -> Self {
        self.routes.client = true;
        self
    }

    /// The values of the label `peer` of a [`client`](Self::client), as host, or as host and port: `billing`,
    /// `10.0.0.7:8080`, `[::1]:443`. All others are `_OTHER`. Added to those of an earlier call. Defaults to none and
    /// no such label.
    ///
    /// The peer comes from the request's URI. If the URI has no port, the port is 80 or 443, by the scheme. A listed
    /// host with that port comes before the host alone, which matches any port; the order of the list does not matter.
    /// A [`Peer`](crate::Peer) in the request's extensions comes before the URI. It is needed if the URI is completed
    /// further inside, as in a tonic channel. It is compared with the names on the list as they are, so a name need not
    /// be a host: `the bank`.
    ///
    /// Under [`Naming::OpenTelemetry`](crate::Naming::OpenTelemetry), `server_address` and `server_port` come from the
    /// list. A peer that is listed without a port has no `server_port`. A name that is not a host has neither, nor have
    /// peers that are not listed. The conventions require both labels, but a URI's host may come from a user, and its
    /// values would then be unbounded: list the hosts that you want to see.
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
        self.routes.peers.extend(peers.into_iter().map(Into::into));
        self
    }

    /// Routes that are counted together, under the name of their group, like `with_group_patterns_as` of the crate
    /// axum-prometheus. Added to those of an earlier call. Defaults to none.
    ///
    /// The label `route` is then the group's name. A path that has no route from a router also belongs to the group if
    /// it matches one of these templates, as with [`routes`](Self::routes). [`skip`](Self::skip) and
    /// [`streams`](Self::streams) still name the templates.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().group(["/foo", "/foo/{id}"], "foo");
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn group<R: Into<String>>(
        mut self,
        routes: impl IntoIterator<Item = R>,
        name: impl Into<String>,
    ) -> Self {
        let name = name.into();
        let routes = routes.into_iter();
        let grouped = routes.map(|route| (route.into(), name.clone()));
        self.routes.groups.extend(grouped);
        self
    }

    /// The known methods, in place of the standard ones. All others are `_OTHER`. Defaults to the methods of RFC 9110,
    /// PATCH and QUERY.
    ///
    /// Under [`Naming::OpenTelemetry`](crate::Naming::OpenTelemetry), the default is the environment variable
    /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, separated by commas, if it is set and not empty.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().methods(["GET", "PUT", "PROPFIND"]);
    /// # let _ = builder.pair()?;
    ///
    /// let error = MetricsLayer::builder().methods(["get"]).pair().unwrap_err();
    /// assert!(error.to_string().contains("write \"GET\""));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn methods<M: Into<String>>(mut self, methods: impl IntoIterator<Item = M>) -> Self {
        self.routes.methods = Some(methods.into_iter().map(Into::into).collect());
        self
    }

    /// Requests that you expect, by method and template. Their series exist from the start, with the value 0: complete
    /// with 200, complete with 500, and the error 500. Added to those of an earlier call. Defaults to none.
    ///
    /// So the first error is an increase from 0, which `rate` sees, and an alert on a route without requests has data.
    /// Nothing is observed: a histogram's count is 0. The series count against
    /// [`max_label_sets`](Self::max_label_sets). A client that lists [`peers`](Self::peers) has them for each peer.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().initialize([("GET", "/users/{id}"), ("POST", "/orders")]);
    /// let (_metrics, exposition) = builder.pair()?;
    ///
    /// let text = exposition.render().unwrap();
    /// assert!(text.contains("http_requests_total{method=\"POST\",route=\"/orders\",status=\"200\"} 0\n"));
    /// assert!(text.contains("http_errors_total{method=\"POST\",route=\"/orders\",error=\"500\"} 0\n"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn initialize<M: Into<String>, R: Into<String>>(
        mut self,
        requests: impl IntoIterator<Item = (M, R)>,
    ) -> Self {
        let requests = requests.into_iter();
        let requests = requests.map(|(method, route)| Expected::Http(method.into(), route.into()));
        self.expected.extend(requests);
        self
    }

    /// Declares gRPC methods by their paths, as [`routes`](Self::routes) does. Their series exist from the start, as
    /// with [`initialize`](Self::initialize): with the codes OK and INTERNAL, and the error INTERNAL. Added to those of
    /// an earlier call. Defaults to none.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().initialize_grpc(["/shop.Orders/Pay"]);
    /// let (_metrics, exposition) = builder.pair()?;
    /// assert!(exposition.render()?.contains("route=\"/shop.Orders/Pay\",error=\"INTERNAL\"} 0\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn initialize_grpc<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        let paths = paths.into_iter().map(|path| Expected::Grpc(path.into()));
        self.expected.extend(paths);
        self
    }

    /// Does [`initialize_grpc`](Self::initialize_grpc) for every method of a `FileDescriptorSet`, and
    /// [`grpc_service`](Self::grpc_service) for its services. So even a method that never worked is counted under its
    /// name. protoc writes such a set, and tonic's reflection needs it, too. Added to those of an earlier call.
    /// Defaults to none.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// // tonic_prost_build::configure().file_descriptor_set_path(..), and include_bytes!(..)
    /// # use prost::Message;
    /// # let method = prost_types::MethodDescriptorProto { name: Some("Pay".into()), ..Default::default() };
    /// # let service = prost_types::ServiceDescriptorProto { name: Some("Orders".into()), method: vec![method], ..Default::default() };
    /// # let file = prost_types::FileDescriptorProto { package: Some("shop".into()), service: vec![service], ..Default::default() };
    /// # let descriptors = prost_types::FileDescriptorSet { file: vec![file] }.encode_to_vec();
    /// let (_metrics, exposition) = MetricsLayer::builder().grpc_descriptor_set(&descriptors).pair()?;
    /// assert!(exposition.render().unwrap().contains("route=\"/shop.Orders/Pay\""));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    #[cfg(feature = "grpc-descriptors")]
    pub fn grpc_descriptor_set(mut self, descriptors: &[u8]) -> Self {
        self.descriptors.push(descriptors.to_vec());
        self
    }
}
