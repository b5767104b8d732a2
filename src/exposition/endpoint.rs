#[cfg(feature = "otlp")]
use super::ExportCounts;
use super::{Reader, instruments::Instruments, source::Source};
use crate::{BuildError, ScrapeError, gather::FamilySource, model::Family, registry::Foreign};
use prometheus_client::{collector::Collector, registry::Registry};
use quanta::Clock;
use std::{fmt, sync::Arc};

/// Endpoint that exposes metrics to Prometheus: a Tower service that answers on any path it is mounted on.
///
/// Made by [`MetricsLayer::pair`](crate::MetricsLayer::pair), by
/// [`MetricsLayerBuilder::pair`](crate::MetricsLayerBuilder::pair), or by [`Exposition::new`] for a process that has no
/// layer. Clones expose the same metrics.
///
/// | request | response |
/// |---|---|
/// | `GET` | 200, in the format that `Accept` prefers |
/// | `HEAD` | the same without the body |
/// | any other method | 405 with `Allow: GET, HEAD` |
/// | `GET` or `HEAD`, if it is [`disabled`](Exposition::disabled) | 503, and a line of text that says so |
/// | metrics that Prometheus would reject | 500, and a line of text that names the family |
/// | a metric or a collector of the registry fails or panics | 500, and a line of text that says so |
///
/// `?name[]=` restricts a scrape to the family of that name and may be repeated, as in promhttp.
///
/// The extensions of a 500 have the [`ScrapeError`](crate::ScrapeError), so a layer around the endpoint can log it.
/// Everything that can fail happens before the head.
///
/// The formats are OpenMetrics 1.0 text (`application/openmetrics-text; version=1.0.0; charset=utf-8`) and the classic
/// text format 0.0.4 (`text/plain; version=0.0.4; charset=utf-8`). A client that names neither gets 0.0.4. One that
/// names both without a preference gets OpenMetrics. `le` is spelled the same in both, as by Prometheus itself: `1.0`,
/// `0.005`, `1e-05`. A histogram's buckets come before its sum and count.
///
/// With the feature `protobuf`, there is also the format that Prometheus asks for if native histograms are enabled:
/// messages of `io.prometheus.client.MetricFamily`, each after its length. A client gets it if it names
/// `application/vnd.google.protobuf` and prefers nothing else. It is the only format with [native
/// histograms](crate::NativeHistogram). It shows those of a layer, but not those of a registry. It is also the only one
/// that says when the layer's counters and histograms began to count. It leaves out families without samples.
///
/// A scrape is written once, in pieces of about 64 KiB, as the client reads it. So it has no `Content-Length`; in
/// OpenMetrics, `# EOF` shows that it is complete. For a slow client, only the next piece is in memory, and the numbers
/// that were summed up for its scrape: 8 bytes for each bucket of each label set. In protobuf, a piece is a whole
/// family, since its length comes first. To have scrapes compressed, put tower-http's `CompressionLayer` around the
/// endpoint, with `CompressionLevel::Fastest`: the other levels take many times as long for little gain.
///
/// Simultaneous scrapes wait for each other. One is prepared at a time, in the order in which they came, and the
/// runtime does other work every fraction of a millisecond. A dropped scrape makes room for the next. A client that
/// reads its response slowly keeps nobody waiting. All of this works on every runtime.
///
/// A registry's metrics come before the layer's. The classic text and protobuf have fewer types: counters are declared
/// with their `_total`, infos are gauges, and unknown is untyped. The classic text has no exemplars.
///
/// ```
/// use prometheus_client::{metrics::counter::Counter, registry::Registry};
/// use tower::ServiceExt;
/// use tower_red::Exposition;
/// # use http_body_util::BodyExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let jobs = Counter::<u64>::default();
/// let mut registry = Registry::default();
/// registry.register("jobs", "Jobs done", jobs.clone());
/// jobs.inc();
///
/// let exposition = Exposition::new(registry);
/// let response = exposition.oneshot(http::Request::new(())).await?;
/// let text = response.into_body().collect().await?.to_bytes();
/// assert_eq!(text, "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 1\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Exposition {
    /// `None` if the endpoint is disabled.
    pub(super) source: Option<Arc<Source>>,
    pub(super) instruments: Option<Arc<Instruments>>,
}

impl Exposition {
    /// An endpoint for a registry only: for a process without a layer, or with one that is registered there.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self::with_source(Source::new(vec![Foreign::Registry(registry)], None, None))
    }

    /// An endpoint that exposes nothing: it answers `GET` and `HEAD` with 503 and a line of text. Use it if the metrics
    /// are switched off: the route still exists, so Prometheus shows that the target is down, and why.
    ///
    /// ```
    /// use prometheus_client::registry::Registry;
    /// use tower::ServiceExt;
    /// use tower_red::Exposition;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let expose = false;
    /// let exposition = match expose {
    ///     true => Exposition::new(Registry::default()),
    ///     false => Exposition::disabled(),
    /// };
    /// let response = exposition.oneshot(http::Request::new(())).await?;
    /// assert_eq!(response.status(), 503);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn disabled() -> Self {
        Self {
            source: None,
            instruments: None,
        }
    }

    /// Exposes metrics about itself too, at the end. Defaults to none.
    ///
    /// | family | type | labels | |
    /// |---|---|---|---|
    /// | `exposition_scrapes_total` | counter | `status` | scrapes that ended: `200`, `500`, or `499` if they were dropped before their response |
    /// | `exposition_scrape_duration_seconds` | histogram | | those with a response: from its turn among simultaneous scrapes to the head, before it is written and sent |
    ///
    /// A scrape shows the scrapes that ended before it. Only `GET` and `HEAD` are scrapes. Clones of the returned
    /// endpoint share these metrics; clones made earlier have none. Time is measured with the layer's
    /// [clock](crate::MetricsLayerBuilder::clock), if there is a layer.
    ///
    /// ```
    /// use prometheus_client::registry::Registry;
    /// use tower::ServiceExt;
    /// use tower_red::Exposition;
    /// # use http_body_util::BodyExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exposition = Exposition::new(Registry::default()).instrumented();
    /// exposition.clone().oneshot(http::Request::new(())).await?;
    ///
    /// let response = exposition.oneshot(http::Request::new(())).await?;
    /// let text = response.into_body().collect().await?.to_bytes();
    /// let text = std::str::from_utf8(&text)?;
    /// assert!(text.contains("exposition_scrapes_total{status=\"200\"} 1\n"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn instrumented(mut self) -> Self {
        if let (Some(source), None) = (&self.source, &self.instruments) {
            let clock = source.clock.clone().unwrap_or_default();
            self.instruments = Some(Arc::new(Instruments::new(clock)));
        }
        self
    }

    /// Exposes a collector too: `ProcessMetrics`, `TokioMetrics`,
    /// [`BuildInfo`](crate::BuildInfo), or one of your own. Defaults to none.
    ///
    /// All clones of this endpoint show it, including earlier ones. It comes after the collectors added before it, and
    /// before the layer. If a name is there twice, the scrape answers 500. An endpoint that is
    /// [`disabled`](Exposition::disabled) never calls it.
    ///
    /// ```
    /// use tower_red::{BuildInfo, MetricsLayer};
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let exposition = exposition.collector(BuildInfo::new("1.4.2", "9fceb02"));
    /// assert!(exposition.render()?.contains("build_info{version=\"1.4.2\",revision=\"9fceb02\"} 1\n"));
    /// # Ok::<(), tower_red::ScrapeError>(())
    /// ```
    #[must_use]
    pub fn collector(self, collector: impl Collector) -> Self {
        self.show(Foreign::collector(collector))
    }

    /// Shows another library's metrics: its text in the classic format 0.0.4, as written by the exporter of the
    /// `metrics` facade and by the `prometheus` crate. Defaults to none.
    ///
    /// Each scrape calls the function once, and writes the text in the format of the scrape. A text that Prometheus
    /// would reject is a 500 that names the family: one with a duplicate name, in the text or among the other families,
    /// or one that is malformed. A panic is a 500, too, and the next scrape calls the function again.
    ///
    /// Values and timestamps are those of the text. OpenMetrics has no counters whose names lack `_total`, or differ
    /// from another family only by it: there, they have the type `unknown`. Buckets and quantiles are spelled as in all
    /// other families: `1.0`.
    ///
    /// All clones of this endpoint show it, including earlier ones. It comes after the texts and collectors added
    /// before it, and before the layer. The library makes the whole text in memory and in one stretch; the time that
    /// this takes is up to the library.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, ScrapeError};
    ///
    /// let text = || String::from("# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 7\n");
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let exposition = exposition.beside(text);
    /// assert!(exposition.render()?.starts_with(&text()));
    ///
    /// let error = exposition.beside(text).render().unwrap_err();
    /// assert!(error.to_string().contains("\"jobs\""));
    /// # Ok::<(), ScrapeError>(())
    /// ```
    #[must_use]
    pub fn beside(self, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.show(Foreign::Text(Box::new(text)))
    }

    /// All families as they are now, for other readers than the endpoint. None if it is disabled. It waits for nothing,
    /// but lets other work get its turn.
    pub(crate) async fn families(&self) -> Result<Vec<Family>, ScrapeError> {
        match &self.source {
            None => Ok(Vec::new()),
            Some(source) => source.families(self.instruments.as_deref()).await,
        }
    }

    /// Reads what is exposed, unless it is disabled.
    pub(crate) fn reader(&self) -> Option<Reader> {
        let source = self.source.as_ref()?;
        Some(Reader::new(source, self.instruments.as_ref()))
    }

    /// Counts of the exports to a receiver, which are exposed too. None if it is disabled.
    #[cfg(feature = "otlp")]
    pub(crate) fn export_counts(&self, receiver: &str) -> Option<Arc<ExportCounts>> {
        let source = self.source.as_ref()?;
        Some(source.receivers.counts(receiver))
    }

    /// An endpoint for a layer, and what others count, which was checked against it.
    pub(crate) fn with_layer(
        foreign: Vec<Foreign>,
        layer: Box<dyn FamilySource>,
        clock: Clock,
    ) -> Self {
        Self::with_source(Source::new(foreign, Some(layer), Some(clock)))
    }

    fn show(self, foreign: Foreign) -> Self {
        if let Some(source) = &self.source {
            source.show(foreign);
        }
        self
    }

    fn with_source(source: Source) -> Self {
        Self {
            source: Some(Arc::new(source)),
            instruments: None,
        }
    }

    /// Exposes one more layer, unless its families do not go with those that are there.
    pub(crate) fn add(&self, families: Box<dyn FamilySource>) -> Result<(), BuildError> {
        let source = self.source.as_ref();
        source.map_or(Ok(()), |source| source.add(families))
    }

    pub(crate) fn clock(&self) -> Option<Clock> {
        self.source.as_ref()?.clock.clone()
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.source.is_none()
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").finish_non_exhaustive()
    }
}
