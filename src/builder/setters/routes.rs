//! Which routes and peers are told apart.

use crate::{MetricsLayerBuilder, request::Expected};

impl MetricsLayerBuilder {
    /// Routes whose requests are not recorded at all, by their templates: health checks, for one. Added to
    /// those of an earlier call. Defaults to none.
    ///
    /// A route is compared as a whole and as it is known when the request comes in: `/users/{id}` skips
    /// that route, `/users/7` skips nothing. `_unmatched` skips the requests that have no route. The first call to a
    /// gRPC method has none: with `_unmatched` skipped, declare methods with [`routes`](Self::routes), or their
    /// service with [`grpc_service`](Self::grpc_service).
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
        self.routes
            .templates
            .extend(templates.into_iter().map(Into::into));
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
        self.routes
            .streams
            .extend(routes.into_iter().map(Into::into));
        self
    }

    /// A gRPC service that is served here, by its full name: `grpc.health.v1.Health`. Added to those of
    /// earlier calls. Defaults to none.
    ///
    /// Methods are counted by their names without it, from the first call on that is OK. With it, calls to methods
    /// that never were OK are counted under `/grpc.health.v1.Health/_OTHER` and not under `_unmatched`. A stream that
    /// only its clients end never says OK: declare its path with [`streams`](Self::streams).
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
    /// Only a [`RouteTemplate`](crate::RouteTemplate) in the request's extensions names its route, and never
    /// its URL. Where a response never came, `status` is `_none`, since the peer said nothing. A 4xx is an
    /// error here, as is every gRPC code but OK.
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
    /// Under [`Naming::OpenTelemetry`](crate::Naming::OpenTelemetry), `server_address` and `server_port` are what the list says of the peer. A
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
        self.routes.peers.extend(peers.into_iter().map(Into::into));
        self
    }

    /// Routes that are counted together, under the name of their group: `with_group_patterns_as` of the crate
    /// axum-prometheus. Added to those of an earlier call. Defaults to none.
    ///
    /// The label `route` is then the group's name. A path that no router names belongs to the group, too, if it matches
    /// one of these templates, as with [`routes`](Self::routes). [`skip`](Self::skip) and [`streams`](Self::streams)
    /// still name the templates.
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

    /// The methods that are known, in place of the standard ones. All others are `_OTHER`. Defaults to those of
    /// RFC 9110, PATCH and QUERY.
    ///
    /// Under [`Naming::OpenTelemetry`](crate::Naming::OpenTelemetry), the default is what the environment's variable
    /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` lists, separated by commas, if it is set and not empty.
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

    /// Requests that may come, by method and template, whose series are to be there from the start: with 0, complete
    /// with 200 and with 500, and that error. Added to those of an earlier call. Defaults to none.
    ///
    /// So the first error is an increase from 0, which `rate` sees, and an alert on a route that nobody ever asked for
    /// has data. Nothing is observed: a histogram's count is 0. They count against
    /// [`max_label_sets`](Self::max_label_sets). A client that lists [`peers`](Self::peers) has them for each.
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

    /// gRPC methods, by their paths, that are declared, as by [`routes`](Self::routes), and whose series are to be there
    /// from the start, as by [`initialize`](Self::initialize): with the codes OK and INTERNAL, and that error. Added to
    /// those of an earlier call. Defaults to none.
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

    /// Every method of a `FileDescriptorSet`, as protoc writes it and tonic's reflection needs it, for
    /// [`initialize_grpc`](Self::initialize_grpc), and its services for [`grpc_service`](Self::grpc_service): a method
    /// that never worked has its name, too. Added to those of an earlier call. Defaults to none.
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
