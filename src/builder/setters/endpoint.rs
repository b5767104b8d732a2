//! What the endpoint exposes.

use crate::{MetricsLayerBuilder, registry::Foreign};
use prometheus_client::{collector::Collector, registry::Registry};

impl MetricsLayerBuilder {
    /// A registry of your own metrics, which [`pair`](Self::pair) exposes on the same endpoint. Defaults to
    /// none.
    ///
    /// ```
    /// use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
    /// use tower_red::MetricsLayer;
    ///
    /// let mut registry = Registry::default();
    /// registry.register("queue_depth", "Jobs that wait", Gauge::<i64>::default());
    /// let (_metrics, exposition) = MetricsLayer::builder().registry(registry).pair()?;
    /// assert!(exposition.render()?.contains("queue_depth 0\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// A collector that [`pair`](Self::pair) exposes on the same endpoint: `ProcessMetrics`,
    /// `TokioMetrics`, or one of your own. Added to those of an earlier call. Defaults to none.
    ///
    /// This is the same as [`Exposition::collector`](crate::Exposition::collector), except that `pair` already finds a
    /// name that the collector and the layer both have.
    ///
    /// ```
    /// use tower_red::{BuildInfo, MetricsLayer};
    ///
    /// let build = BuildInfo::new("1.4.2", "9fceb02");
    /// let (_metrics, exposition) = MetricsLayer::builder().collector(build).pair()?;
    /// assert!(exposition.render()?.contains("build_info{version=\"1.4.2\",revision=\"9fceb02\"} 1\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn collector(mut self, collector: impl Collector) -> Self {
        self.foreign.push(Foreign::collector(collector));
        self.endpoint_setting = Some("collector");
        self
    }

    /// Another library's metrics, as text in the classic format 0.0.4, which [`pair`](Self::pair) exposes on the same
    /// endpoint. Added to those of an earlier call. Defaults to none.
    ///
    /// This is the same as [`Exposition::beside`](crate::Exposition::beside), which says how the text is shown, and
    /// when a scrape fails because of it.
    ///
    /// ```
    /// # mod metrics_exporter_prometheus {
    /// #     #[derive(Clone)]
    /// #     pub struct PrometheusHandle;
    /// #     impl PrometheusHandle {
    /// #         pub fn render(&self) -> String { "# TYPE jobs counter\njobs 7\n".into() }
    /// #     }
    /// # }
    /// # let handle = metrics_exporter_prometheus::PrometheusHandle;
    /// use tower_red::MetricsLayer;
    ///
    /// // Of the `metrics` facade's exporter, say.
    /// let (metrics, exposition) = MetricsLayer::builder().beside(move || handle.render()).pair()?;
    /// # let _ = metrics;
    /// assert!(exposition.render()?.starts_with("# TYPE jobs counter\njobs 7\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn beside(mut self, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.foreign.push(Foreign::Text(Box::new(text)));
        self.endpoint_setting = Some("beside");
        self
    }

    /// A gauge `build_info{version="…",revision="…"}` on the endpoint of [`pair`](Self::pair), after the
    /// [`namespace`](Self::namespace) if there is one. Defaults to none.
    ///
    /// It is always 1, and says which build runs where, and when it changed. The version is usually
    /// `env!("CARGO_PKG_VERSION")`, and the revision a commit that your build knows. For other endpoints, use
    /// [`BuildInfo`](crate::BuildInfo).
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().namespace("shop").build_info("1.4.2", "9fceb02");
    /// let (metrics, exposition) = builder.pair()?;
    /// # let _ = metrics;
    /// let text = exposition.render()?;
    /// assert!(text.contains("shop_build_info{version=\"1.4.2\",revision=\"9fceb02\"} 1\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_info(mut self, version: impl Into<String>, revision: impl Into<String>) -> Self {
        self.build = Some((version.into(), revision.into()));
        self.endpoint_setting = Some("build_info");
        self
    }

    /// Whether anything is measured. Defaults to `true`.
    ///
    /// `enabled(false)` builds the same types: requests pass through the layer and nothing is recorded, and the
    /// endpoint answers 503. This includes the metrics of your own [`registry`](Self::registry), since a partial scrape
    /// would look complete. [`register`](Self::register) then registers nothing. Mistakes in the configuration are
    /// still errors.
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
