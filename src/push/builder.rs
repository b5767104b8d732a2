use super::{
    Otlp, OtlpBody, OtlpProtocol,
    endpoint::Endpoint,
    exporter::OnFailure,
    resource::Resource,
    transport::{BoxError, Transport},
};
use crate::{ExportError, Exposition, OtlpError};
use http::{HeaderMap, Request, Response};
use http_body::Body;
use std::{fmt, path::Path, time::Duration};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tower_service::Service;

/// Builder of an [`Otlp`]: the settings that OpenTelemetry has variables for, and a few more.
///
/// [`from_env`](Self::from_env) reads the variables, [`default`](Self::default) reads none, and a setter overrides
/// either. [`build`](Self::build) returns the first mistake in a setter.
///
/// ```
/// use std::time::Duration;
/// use tower_red::{MetricsLayer, OtlpBuilder, OtlpProtocol};
///
/// let (_metrics, exposition) = MetricsLayer::pair();
/// let otlp = OtlpBuilder::default()
///     .endpoint("https://otlp-gateway-prod-eu-west-2.grafana.net/otlp")
///     .header("authorization", "Basic MTIzNDU2OnNlY3JldA==")
///     .service_name("shop")
///     .attribute("deployment.environment.name", "production")
///     .interval(Duration::from_secs(30))
///     .gzip(true)
///     .build(&exposition)?;
/// # let _ = otlp;
///
/// let error = OtlpBuilder::default()
///     .endpoint("http://collector:4317/metrics")
///     .protocol(OtlpProtocol::Grpc)
///     .build(&exposition)
///     .unwrap_err();
/// assert!(error.to_string().contains("gRPC has one of its own"));
/// # Ok::<(), tower_red::OtlpError>(())
/// ```
#[must_use]
pub struct OtlpBuilder {
    pub(super) endpoint: Option<Endpoint>,
    pub(super) protocol: OtlpProtocol,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    pub(super) interval: Duration,
    pub(super) export_timeout: Duration,
    pub(super) is_gzip: bool,
    pub(super) certificates: Option<Vec<CertificateDer<'static>>>,
    pub(super) resource: Resource,
    pub(super) is_enabled: bool,
    pub(super) client: Option<Box<dyn Transport>>,
    pub(super) on_failure: Option<OnFailure>,
    pub(super) warnings: Vec<String>,
    /// The first mistake.
    pub(super) error: Option<OtlpError>,
}

impl Default for OtlpBuilder {
    fn default() -> Self {
        Self {
            endpoint: None,
            protocol: OtlpProtocol::default(),
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(10),
            interval: Duration::from_secs(60),
            export_timeout: Duration::from_secs(30),
            is_gzip: false,
            certificates: None,
            resource: Resource::default(),
            is_enabled: true,
            client: None,
            on_failure: None,
            warnings: Vec::new(),
            error: None,
        }
    }
}

impl Otlp {
    /// Pushes the metrics of an endpoint, as the environment variables say.
    ///
    /// The same as `OtlpBuilder::from_env()?.build(exposition)`.
    ///
    /// # Errors
    ///
    /// If a variable is malformed, or has a value that is not supported.
    pub fn from_env(exposition: &Exposition) -> Result<Self, OtlpError> {
        OtlpBuilder::from_env()?.build(exposition)
    }

    /// A builder that reads no variables.
    pub fn builder() -> OtlpBuilder {
        OtlpBuilder::default()
    }
}

impl OtlpBuilder {
    /// The values of variables that were ignored because they are unknown, as the specification requires: a line for
    /// each, for you to log.
    ///
    /// ```
    /// use tower_red::OtlpBuilder;
    ///
    /// let vars = |name: &str| (name == "OTEL_EXPORTER_OTLP_COMPRESSION").then(|| "brotli".to_owned());
    /// let builder = OtlpBuilder::from_vars(vars)?;
    /// assert_eq!(
    ///     builder.warnings(),
    ///     ["OTEL_EXPORTER_OTLP_COMPRESSION: \"brotli\" is unknown, and ignored"]
    /// );
    /// # Ok::<(), tower_red::OtlpError>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The receiver, by a URL that begins with `http://` or `https://`. Over HTTP, `v1/metrics` is appended to it.
    /// Over gRPC, it has no path. Defaults to `http://localhost:4318`, and with gRPC to `http://localhost:4317`.
    pub fn endpoint(self, url: impl AsRef<str>) -> Self {
        self.endpoint_of("endpoint", url.as_ref(), true)
    }

    /// The same, but the URL is used as it is: nothing is appended.
    pub fn metrics_endpoint(self, url: impl AsRef<str>) -> Self {
        self.endpoint_of("metrics_endpoint", url.as_ref(), false)
    }

    /// How exports are sent. Defaults to [`OtlpProtocol::HttpProtobuf`].
    pub fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// A header of all requests, or metadata with gRPC. It replaces an earlier one of that name. Defaults to none.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.header_of("header", name.as_ref(), value.as_ref())
    }

    /// How long to wait for the response to a request, and for the last export at the end. Defaults to 10 seconds.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.duration_of("timeout", timeout, |builder| &mut builder.timeout)
    }

    /// The time from the start of an export to the start of the next. Defaults to a minute.
    pub fn interval(self, interval: Duration) -> Self {
        self.duration_of("interval", interval, |builder| &mut builder.interval)
    }

    /// How long an export may take, with all attempts. The next interval then exports what this one did not. Defaults
    /// to 30 seconds.
    pub fn export_timeout(self, timeout: Duration) -> Self {
        self.duration_of("export_timeout", timeout, |builder| {
            &mut builder.export_timeout
        })
    }

    /// Whether requests are compressed. Defaults to `false`.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.is_gzip = gzip;
        self
    }

    /// A PEM file with the certificate authorities to trust for an `https://` receiver. Needed if the receiver has a
    /// certificate of your own. Defaults to the authorities that Mozilla trusts. That list is compiled in with
    /// `webpki-roots`, so it also works in an image without certificates.
    pub fn certificate(self, path: impl AsRef<Path>) -> Self {
        self.certificate_of("certificate", path.as_ref())
    }

    /// The attribute `service.name` of the resource: the name of this service. Defaults to `unknown_service:` and the
    /// name of the executable.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.attribute("service.name", name)
    }

    /// An attribute of the resource. It replaces one with the same key. Defaults to those of the process:
    /// `service.name`, `service.instance.id` (a random one), `host.name`, `process.pid`, `process.executable.name`,
    /// `process.executable.path`, and `telemetry.sdk.*`.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.resource.set_text(key.into(), value);
        self
    }

    /// Whether anything is sent. Defaults to `true`. With `false`, [`Otlp::run`] only waits for its end. Mistakes are
    /// still errors.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.is_enabled = enabled;
        self
    }

    /// The client that sends requests, in place of the default one: any Tower service of HTTP, such as hyper-util's
    /// client with a connector of your own, behind any layers. For gRPC it has to speak HTTP/2 with prior knowledge.
    ///
    /// ```
    /// use http::{Request, Response};
    /// use std::convert::Infallible;
    /// use tower::service_fn;
    /// use tower_red::{MetricsLayer, OtlpBody, OtlpBuilder};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_red::OtlpError> {
    /// # let (sender, receiver) = std::sync::mpsc::channel();
    /// let client = service_fn(move |request: Request<OtlpBody>| {
    ///     # sender.send(request.uri().to_string()).unwrap();
    ///     async { Ok::<_, Infallible>(Response::new(String::new())) }
    /// });
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let otlp = OtlpBuilder::default().client(client).build(&exposition)?;
    /// // It ends after one last export.
    /// otlp.run(async {}).await;
    /// # assert_eq!(receiver.recv().unwrap(), "http://localhost:4318/v1/metrics");
    /// # Ok(())
    /// # }
    /// ```
    pub fn client<C, B>(mut self, client: C) -> Self
    where
        C: Service<Request<OtlpBody>, Response = Response<B>> + Send + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send,
        B: Body + Send,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        self.client = Some(Box::new(client));
        self
    }

    /// A function that is called with each failure, and with [`ExportError::Rejected`], to log it. Defaults to none;
    /// the endpoint counts all of them.
    ///
    /// It is called by the task that runs [`Otlp::run`], and must not block. A panic in it ends the task.
    ///
    /// ```
    /// use http::{Request, Response, StatusCode};
    /// use std::sync::mpsc;
    /// use tower_red::{ExportError, MetricsLayer, OtlpBody, OtlpBuilder};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = tower::service_fn(|_: Request<OtlpBody>| async {
    /// #     let mut response = Response::new(String::new());
    /// #     *response.status_mut() = StatusCode::UNAUTHORIZED;
    /// #     Ok::<_, std::convert::Infallible>(response)
    /// # });
    /// let (sender, failures) = mpsc::channel();
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let builder = OtlpBuilder::default().on_failure(move |error| _ = sender.send(error.clone()));
    /// # let builder = builder.client(client);
    /// builder.build(&exposition)?.run(async {}).await;
    ///
    /// // Of a receiver that wants a token.
    /// let error = failures.recv()?;
    /// assert!(matches!(&error, ExportError::Refused { status, .. } if status == "401 Unauthorized"));
    /// assert_eq!(error.to_string(), "the receiver refused the export, 401 Unauthorized");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_failure(mut self, call: impl Fn(&ExportError) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Box::new(call));
        self
    }

    /// Pushes the metrics of an endpoint. That endpoint also shows metrics of the exports: see [`Otlp`].
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid.
    pub fn build(self, exposition: &Exposition) -> Result<Otlp, OtlpError> {
        self.into_otlp(exposition)
    }
}

impl fmt::Debug for OtlpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers are often secrets.
        f.debug_struct("OtlpBuilder")
            .field("endpoint", &self.endpoint)
            .field("protocol", &self.protocol)
            .field("timeout", &self.timeout)
            .field("interval", &self.interval)
            .field("export_timeout", &self.export_timeout)
            .field("gzip", &self.is_gzip)
            .field("enabled", &self.is_enabled)
            .finish_non_exhaustive()
    }
}
