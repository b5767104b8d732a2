use crate::{
    Buckets, BuildError, Exposition, MetricsLayer, NativeHistogram, TraceId,
    exposition::{Families, find_duplicate},
    histogram::{Bins, NativeBuckets},
    label::{MAX_PEERS, Peers, RouteSettings, Routes, UNMATCHED},
    naming::{Convention, LabelNames, Naming, Role, Settings},
    request::{ExemplarOf, Recorder, VersionFrom},
    store::{Store, StoreSettings},
};
use http::request::Parts;
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::{fmt, sync::Arc};

/// Builder of a [`MetricsLayer`].
///
/// What a layer records into lives until the process ends, and is not freed when the layer is dropped: build
/// layers at the start, not by request.
///
/// ```
/// use prometheus_client::{metrics::counter::Counter, registry::Registry};
/// use tower_red::{Buckets, MetricsLayer};
///
/// let mut registry = Registry::default();
/// registry.register("jobs", "Jobs done", Counter::<u64>::default());
///
/// let (metrics, exposition) = MetricsLayer::builder()
///     .namespace("shop")
///     .buckets(Buckets::fast())
///     .skip(["/healthz"])
///     .registry(registry)
///     .pair()?;
/// # let _ = (metrics, exposition);
///
/// let error = MetricsLayer::builder().namespace("my shop").pair().unwrap_err();
/// assert!(error.to_string().contains("\"my shop\""));
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[must_use]
pub struct MetricsLayerBuilder {
    buckets: Buckets,
    naming: Naming,
    namespace: Option<String>,
    label_names: LabelNames,
    constant_labels: Vec<(String, String)>,
    scheme: Option<&'static str>,
    skipped: Vec<String>,
    templates: Vec<String>,
    services: Vec<String>,
    client: bool,
    peers: Vec<String>,
    most_label_sets: usize,
    native: Option<NativeHistogram>,
    trace_of: Option<ExemplarOf>,
    clock: Option<Clock>,
    registry: Option<Registry>,
}

impl Default for MetricsLayerBuilder {
    fn default() -> Self {
        Self {
            buckets: Buckets::default(),
            naming: Naming::default(),
            namespace: None,
            label_names: LabelNames::default(),
            constant_labels: Vec::new(),
            scheme: None,
            skipped: Vec::new(),
            templates: Vec::new(),
            services: Vec::new(),
            client: false,
            peers: Vec::new(),
            most_label_sets: 4_000,
            native: None,
            trace_of: None,
            clock: None,
            registry: None,
        }
    }
}

impl MetricsLayerBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

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
    /// What tells instances apart is better added by Prometheus when it scrapes them.
    pub fn constant_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.constant_labels.push((name.into(), value.into()));
        self
    }

    /// The `url_scheme` that OpenTelemetry's names want: `https` where TLS ends in this process or before it.
    /// Not what a client's headers say, since clients could say anything. Defaults to `http`.
    pub fn url_scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// What all names begin with: `shop` makes `shop_http_requests_total`. Defaults to nothing.
    ///
    /// Letters, digits and underscores, no digit first. Colons are for recording rules.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Routes whose requests are not recorded at all, by their templates: health checks, for one. Added to
    /// those of an earlier call. Defaults to none.
    ///
    /// A route is compared as a whole and as it is known when the request comes in: `/users/{id}` skips
    /// that route, `/users/7` skips nothing. `_unmatched` skips the requests that have no route. That goes for
    /// gRPC calls too: the first one to a method has none, so that with `_unmatched` skipped, methods are only
    /// counted where [`routes`](Self::routes) declares them.
    pub fn skip<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.skipped.extend(routes.into_iter().map(Into::into));
        self
    }

    /// Route templates for requests that no router names: of a plain hyper server, below a service mounted
    /// with `nest_service`, in a fallback, or where the layer is around a whole router. Added to those of an
    /// earlier call. Defaults to none.
    ///
    /// The syntax is axum's: `/users/{id}`, `/files/{*path}`. A path is matched as this layer sees it, as a
    /// whole, with exact parts before parameters. A request that matches none is `_unmatched`. Up to three
    /// parameters, matching allocates nothing.
    pub fn routes<R: Into<String>>(mut self, templates: impl IntoIterator<Item = R>) -> Self {
        self.templates.extend(templates.into_iter().map(Into::into));
        self
    }

    /// A gRPC service that is served here, by its full name: `grpc.health.v1.Health`. Added to those of
    /// earlier calls. Defaults to none.
    ///
    /// It is not needed to have a method's calls counted by its name: that begins with the first one that is
    /// OK. Calls to methods of a declared service that were never OK are counted under
    /// `/grpc.health.v1.Health/_OTHER` and not under `_unmatched`. A stream that only its clients end is never
    /// OK: declare its path with [`routes`](Self::routes).
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
    /// port: `billing`, `10.0.0.7:8080`. All others are `_OTHER`. Added to those of an earlier call. Defaults
    /// to none, and no such label.
    ///
    /// The peer is that of the request's URI. A [`Peer`](crate::Peer) in the request's extensions comes before
    /// it, and is needed where the URI is completed further inside, as a tonic channel does it.
    pub fn peers<P: Into<String>>(mut self, peers: impl IntoIterator<Item = P>) -> Self {
        self.peers.extend(peers.into_iter().map(Into::into));
        self
    }

    /// How many label sets the layer may hold: combinations of method, route, status and the way a request
    /// ended. Defaults to 4 000, which is 72 000 series with the default buckets.
    ///
    /// Past it, new ones are counted under the route `_overflow`, with their method, status and error, and
    /// `http_overflowed_requests_total` says how many requests that were.
    pub fn max_label_sets(mut self, most: usize) -> Self {
        self.most_label_sets = most;
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
    pub fn exemplar<F>(mut self, trace_of: F) -> Self
    where
        F: Fn(&Parts) -> Option<TraceId> + Send + Sync + 'static,
    {
        self.trace_of = Some(ExemplarOf::new(trace_of));
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

    /// The layer, and the endpoint that exposes what it records, beside the [`registry`](Self::registry)
    /// if there is one.
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, or if the registry already has a family of the same
    /// name. A family that gets there later, or that only shows it once it has data, is found by the scrape,
    /// which then answers 500.
    pub fn pair(self) -> Result<(MetricsLayer, Exposition), BuildError> {
        let (config, registry) = self.validate()?;
        let Some(registry) = registry else {
            return Ok(config.into_pair());
        };
        let (layer, families) = config.into_families();
        if let Some(family) = find_duplicate(&registry, &families, false) {
            return Err(BuildError::DuplicateFamily { family });
        }
        Ok((layer, Exposition::with_families(Some(registry), families)))
    }

    /// The layer, registered with a registry that is exposed elsewhere, or by
    /// [`Exposition::new`](crate::Exposition::new).
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, if [`registry`](Self::registry) was used, or if the
    /// registry already has a family of the same name. The registry then exposes what it did before.
    pub fn register(self, registry: &mut Registry) -> Result<MetricsLayer, BuildError> {
        let (config, other) = self.validate()?;
        if other.is_some() {
            return Err(BuildError::TwoRegistries);
        }
        let (layer, families) = config.into_families();
        let families = Arc::new(families);
        registry.register_collector(Box::new(Arc::clone(&families)));
        // Only the registry knows which prefix it puts before our names, so it is asked with us in it.
        if let Some(family) = find_duplicate(registry, &families, true) {
            families.withdraw();
            return Err(BuildError::DuplicateFamily { family });
        }
        Ok(layer)
    }

    fn validate(self) -> Result<(Config, Option<Registry>), BuildError> {
        self.check_names()?;
        self.check_routes()?;
        self.check_client()?;
        let native = self
            .native
            .map(|native| native.validate(&self.buckets.nanos()));
        let native = native.transpose()?;
        let (mut config, registry) = self.into_config();
        config.native = native;
        config.check_labels()?;
        Ok((config, registry))
    }

    /// Without checks, for what nothing was configured of.
    pub(crate) fn into_config(self) -> (Config, Option<Registry>) {
        let settings = Settings {
            naming: self.naming,
            role: match self.client {
                true => Role::Client,
                false => Role::Server,
            },
            namespace: self.namespace,
            label_names: self.label_names,
            peers: !self.peers.is_empty(),
            scheme: self.scheme,
        };
        let config = Config {
            convention: Convention::new(&settings),
            buckets: self.buckets,
            constant_labels: self.constant_labels,
            routes: RouteSettings {
                skipped: self.skipped,
                streams: Vec::new(),
                templates: self.templates,
                services: self.services,
                unnamed_methods: self.naming == Naming::OpenTelemetry,
                client: self.client,
                peers: Peers::new(self.peers),
            },
            shows_versions: self.naming == Naming::OpenTelemetry,
            most_label_sets: self.most_label_sets,
            native: None,
            trace_of: self.trace_of,
            clock: self.clock,
        };
        (config, self.registry)
    }

    fn check_names(&self) -> Result<(), BuildError> {
        if let Some(namespace) = self.namespace.as_ref().filter(|name| !is_name(name)) {
            return Err(BuildError::InvalidNamespace {
                namespace: namespace.clone(),
            });
        }
        Ok(())
    }

    fn check_routes(&self) -> Result<(), BuildError> {
        for route in &self.skipped {
            if let Err(reason) = check_template(route) {
                return Err(BuildError::InvalidSkip {
                    route: route.clone(),
                    reason,
                });
            }
        }
        let mut matcher = matchit::Router::new();
        for template in &self.templates {
            let begins = template.starts_with('/').then_some(()).ok_or_else(no_slash);
            let insert = |()| {
                let inserted = matcher.insert(template, ());
                inserted.map_err(|error| error.to_string())
            };
            if let Err(reason) = begins.and_then(insert) {
                return Err(BuildError::InvalidRoute {
                    template: template.clone(),
                    reason,
                });
            }
        }
        let is_service = |name: &str| !name.is_empty() && !name.contains(['/', '{', '}']);
        match self.services.iter().find(|name| !is_service(name)) {
            Some(service) => Err(BuildError::InvalidService {
                service: service.clone(),
            }),
            None => Ok(()),
        }
    }

    fn check_client(&self) -> Result<(), BuildError> {
        let for_servers = [
            ("routes", self.templates.is_empty()),
            ("grpc_service", self.services.is_empty()),
        ];
        let misplaced = for_servers.into_iter().find(|(_, unset)| !unset);
        if let (true, Some((setting, _))) = (self.client, misplaced) {
            return Err(BuildError::NotForClients { setting });
        }
        if !self.client && !self.peers.is_empty() {
            return Err(BuildError::NotForServers { setting: "peers" });
        }
        if self.peers.len() > MAX_PEERS {
            return Err(BuildError::TooManyPeers { most: MAX_PEERS });
        }
        for (index, peer) in self.peers.iter().enumerate() {
            if peer.is_empty() || self.peers[..index].contains(peer) {
                return Err(BuildError::InvalidPeer { peer: peer.clone() });
            }
        }
        Ok(())
    }
}

fn no_slash() -> String {
    String::from("it does not begin with `/`")
}

/// Whether a metric's or a label's name may be, or begin with, that.
fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(word) && !name.as_bytes()[0].is_ascii_digit()
}

/// Whether axum's router would take it. A template that it refuses can match no request.
fn check_template(route: &str) -> Result<(), String> {
    if route == UNMATCHED {
        return Ok(());
    }
    if !route.starts_with('/') {
        return Err(no_slash());
    }
    let inserted = matchit::Router::new().insert(route, ());
    inserted.map_err(|error| error.to_string())
}

/// A configuration that is valid.
pub(crate) struct Config {
    convention: Convention,
    buckets: Buckets,
    constant_labels: Vec<(String, String)>,
    routes: RouteSettings,
    shows_versions: bool,
    most_label_sets: usize,
    native: Option<NativeBuckets>,
    trace_of: Option<ExemplarOf>,
    clock: Option<Clock>,
}

impl Config {
    pub(crate) fn into_pair(self) -> (MetricsLayer, Exposition) {
        let (layer, families) = self.into_families();
        (layer, Exposition::with_families(None, families))
    }

    fn into_families(self) -> (MetricsLayer, Families) {
        let native = self.native.clone();
        let shows_versions = self.shows_versions;
        let role = self.convention.role;
        let recorder: &'static Recorder = Box::leak(Box::new(Recorder {
            clock: self.clock.unwrap_or_default(),
            routes: Routes::new(self.routes),
            store: Store::new(StoreSettings {
                measures: Box::new([match self.native {
                    Some(native) => Bins::Native(native),
                    None => Bins::Classic(self.buckets.nanos()),
                }]),
                has_exemplars: self.trace_of.is_some(),
                max_label_sets: self.most_label_sets,
            }),
            exemplar: self.trace_of,
            version_from: match (shows_versions, role) {
                (false, _) => VersionFrom::Nobody,
                (true, Role::Server) => VersionFrom::Request,
                (true, Role::Client) => VersionFrom::Response,
            },
        }));
        let layer = MetricsLayer::new(recorder);
        let families = Families::new(
            recorder,
            self.convention,
            self.buckets,
            native,
            self.constant_labels,
        );
        (layer, families)
    }

    /// Each label's name is legal, and there once.
    fn check_labels(&self) -> Result<(), BuildError> {
        let legal = |name: &str| is_name(name) && !name.starts_with("__") && name != "le";
        let constant = || self.constant_labels.iter().map(|(name, _)| name.as_str());
        let invalid = |name: &str, reason| BuildError::InvalidLabel {
            name: name.to_owned(),
            reason,
        };
        let mut names = constant().chain(self.convention.label_names());
        if let Some(name) = names.find(|name| !legal(name)) {
            let reason = "it does not match [a-zA-Z_][a-zA-Z0-9_]*, or Prometheus has a use of its own for it";
            return Err(invalid(name, reason));
        }
        for group in &self.convention.groups {
            let columns = group.columns.iter().map(|column| column.name.as_str());
            let mut names: Vec<&str> = constant().chain(columns).collect();
            names.sort_unstable();
            if let Some(same) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(invalid(same[0], "there is another label of that name"));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MetricsLayerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayerBuilder")
            .field("buckets", &self.buckets)
            .field("naming", &self.naming)
            .field("namespace", &self.namespace)
            .field("skip", &self.skipped)
            .field("routes", &self.templates)
            .field("grpc_services", &self.services)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
