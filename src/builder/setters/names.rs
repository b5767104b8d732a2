//! How families and labels are called.

use crate::{
    MetricsLayerBuilder,
    naming::{LabelNames, Naming},
};

impl MetricsLayerBuilder {
    /// How families and labels are called. Defaults to [`Naming::Prometheus`].
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// What all names begin with: `shop` makes `shop_http_requests_total`. Defaults to nothing.
    ///
    /// It must begin with a letter and have only letters, digits and underscores. An underscore is put after it.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.names.namespace = Some(namespace.into());
        self
    }

    /// Other names for labels than the [`naming`](Self::naming) has. Defaults to none.
    pub fn label_names(mut self, names: LabelNames) -> Self {
        self.names.label_names = names;
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
        self.names.scheme = Some(scheme);
        self
    }
}
