//! How families and labels are called.

use crate::{
    MetricsLayerBuilder,
    naming::{DurationStatus, LabelNames, Naming, RedFamily},
};
use http::StatusCode;
use std::sync::Arc;

impl MetricsLayerBuilder {
    /// The names of families and labels. Defaults to [`Naming::Prometheus`].
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Naming};
    ///
    /// let builder = MetricsLayer::builder().naming(Naming::OpenTelemetry).initialize([("GET", "/")]);
    /// let (_metrics, exposition) = builder.pair()?;
    /// assert!(exposition.render()?.contains("http_server_request_duration_seconds_count"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// The beginning of all names: `shop` makes `shop_http_requests_total`. Defaults to nothing.
    ///
    /// It must begin with a letter and have only letters, digits and underscores. An underscore is added after it.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (_metrics, exposition) = MetricsLayer::builder().namespace("shop").pair()?;
    /// assert!(exposition.render()?.contains("shop_http_requests_in_flight"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.names.namespace = Some(namespace.into());
        self
    }

    /// Other names for labels than the [`naming`](Self::naming) has. Defaults to none.
    ///
    /// ```
    /// use tower_red::{LabelNames, MetricsLayer};
    ///
    /// let names = LabelNames::default().route("handler").status("code");
    /// let builder = MetricsLayer::builder().label_names(names).initialize([("GET", "/")]);
    /// let (_metrics, exposition) = builder.pair()?;
    /// assert!(exposition.render()?.contains("http_requests_total{method=\"GET\",handler=\"/\",code=\"200\"} 0\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn label_names(mut self, names: LabelNames) -> Self {
        self.names.label_names = names;
        self
    }

    /// A label that all series of the layer have, with the same value, after the labels of an earlier call.
    /// Defaults to none.
    ///
    /// Labels that tell instances apart are better added by Prometheus when it scrapes them. `job` and `instance` are,
    /// and are errors here. To Prometheus, a label with an empty value is no label.
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

    /// The value of the label `url_scheme` under [`Naming::OpenTelemetry`]: `https` if TLS ends in this process or in
    /// front of it. Write only the scheme, without `://`. Defaults to `http`.
    ///
    /// It is not read from a client's headers, since a client could say anything. For outgoing requests, it is the
    /// scheme of the request's URI, and this setting only applies to URIs without one.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Naming};
    ///
    /// let builder = MetricsLayer::builder().naming(Naming::OpenTelemetry).url_scheme("https");
    /// let (_metrics, exposition) = builder.initialize([("GET", "/")]).pair()?;
    /// assert!(exposition.render()?.contains("url_scheme=\"https\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.names.scheme = Some(scheme.into());
        self
    }

    /// The beginning of names under [`Naming::AxumPrometheus`], like `with_prefix` of that crate. Defaults to `axum`.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Naming};
    ///
    /// let builder = MetricsLayer::builder().naming(Naming::AxumPrometheus).prefix("shop");
    /// let (_metrics, exposition) = builder.pair()?;
    /// assert!(exposition.render().unwrap().contains("shop_http_requests_pending"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.names.prefix = Some(prefix.into());
        self
    }

    /// Leaves out a family that is there by default. Defaults to none.
    ///
    /// Its values are still counted. This saves lines in a scrape and series in Prometheus.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, RedFamily};
    ///
    /// let builder = MetricsLayer::builder().without(RedFamily::Cancelled).without(RedFamily::LabelSets);
    /// let (_metrics, exposition) = builder.pair()?;
    /// assert!(!exposition.render()?.contains("http_label_sets"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without(mut self, family: RedFamily) -> Self {
        self.names.without.push(family);
        self
    }

    /// How the duration histogram shows the status. Defaults to [`DurationStatus::Code`].
    ///
    /// The layer's other histograms show it in the same way. Under [`Naming::OpenTelemetry`], where that histogram
    /// counts the requests, no other family has the whole status.
    ///
    /// ```
    /// use tower_red::{DurationStatus, MetricsLayer};
    ///
    /// let builder = MetricsLayer::builder().duration_status(DurationStatus::Class);
    /// let (_metrics, exposition) = builder.initialize([("GET", "/")]).pair()?;
    /// assert!(exposition.render()?.contains("http_request_duration_seconds_count{method=\"GET\",route=\"/\",status=\"2xx\"} 0\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn duration_status(mut self, shown: DurationStatus) -> Self {
        self.names.duration_status = shown;
        self
    }

    /// Adds the label `http_version` to requests and durations: `1.1`, `2`. Defaults to no such label.
    ///
    /// [`Naming::OpenTelemetry`] always has it, as `network_protocol_version`. It is the request's version on a server,
    /// and the response's on a client.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().http_version();
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn http_version(mut self) -> Self {
        self.names.version = true;
        self
    }

    /// Which statuses are errors. Defaults to those from 500 on, and for a [`client`](Self::client) to those from 400
    /// on.
    ///
    /// The function decides which requests with a complete response are in `http_errors_total`. Panics, bodies that
    /// fail and services that fail are always errors. It is called by the first scrape that sees a status, and not by
    /// requests. If it panics, the default decides. The label `status` does not change.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder()
    ///     .error_statuses(|status| status.is_server_error() || status == 429);
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn error_statuses(
        mut self,
        is_error: impl Fn(StatusCode) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.names.errors.statuses = Some(Arc::new(is_error));
        self
    }

    /// Which codes of gRPC calls are errors, by their names: `NOT_FOUND`. Defaults to UNKNOWN, DEADLINE_EXCEEDED,
    /// UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS, and for a [`client`](Self::client) to all but OK.
    ///
    /// Otherwise like [`error_statuses`](Self::error_statuses). On a server, UNIMPLEMENTED is never an error for a
    /// method that is neither declared nor proven.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder()
    ///     .error_codes(|code| matches!(code, "INTERNAL" | "DATA_LOSS" | "RESOURCE_EXHAUSTED"));
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn error_codes(mut self, is_error: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.names.errors.codes = Some(Arc::new(is_error));
        self
    }
}
