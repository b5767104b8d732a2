mod accept;
mod body;
mod chunk;
mod coding;
mod collector;
mod error;
mod families;
mod future;
mod gauges;
mod instruments;
mod library;
mod names;
mod pieces;
mod projection;
#[cfg(feature = "protobuf")]
mod protobuf;
mod queue;
mod rows;
mod scrape;
mod text;
#[cfg(feature = "protobuf")]
mod transcode;
#[cfg(feature = "protobuf")]
mod wire;

pub use self::{body::ExpositionBody, error::ScrapeError, future::ExpositionFuture};

pub(crate) use self::families::Families;

use self::{
    chunk::Pool,
    instruments::Instruments,
    names::Names,
    queue::Queue,
    scrape::{Order, Scrape},
};
use http::{Method, Request};
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Endpoint that exposes metrics to Prometheus: a Tower service that answers on whatever path it is mounted.
///
/// Made by [`MetricsLayer::pair`](crate::MetricsLayer::pair), by
/// [`MetricsLayerBuilder::pair`](crate::MetricsLayerBuilder::pair), or by [`Exposition::new`] for a process
/// that has no layer. Cloning it shares what it exposes.
///
/// | request | response |
/// |---|---|
/// | `GET` | 200, in the format that `Accept` prefers |
/// | `HEAD` | the same without the body |
/// | any other method | 405 with `Allow: GET, HEAD` |
/// | `GET` or `HEAD`, if it is [`disabled`](Exposition::disabled) | 503, and a line of text that says so |
/// | metrics that Prometheus would reject | 500, and a line of text that names the family |
/// | a metric or a collector of the registry that fails or panics | 500, and a line of text that says so |
///
/// The extensions of a 500 have the [`ScrapeError`], for a layer around the endpoint to log it.
///
/// The formats are OpenMetrics 1.0 text (`application/openmetrics-text; version=1.0.0; charset=utf-8`) and
/// the classic text format 0.0.4 (`text/plain; version=0.0.4; charset=utf-8`). Without a preference, or with
/// one for nothing of the two, it is 0.0.4. `le` reads the same in both.
///
/// With the feature `protobuf`, it is also the format that Prometheus asks for if native histograms are on:
/// messages of `io.prometheus.client.MetricFamily`, each with its length before it, for who names
/// `application/vnd.google.protobuf` and prefers nothing else to it. A [`NativeHistogram`](crate::NativeHistogram)
/// comes out by it alone, and of a layer's own families, not of those that are registered elsewhere. Families
/// without samples are left out there.
///
/// With the features `zstd` and `gzip`, it is compressed for who asks for that in `Accept-Encoding`; zstd is
/// preferred where both are wanted alike. It is sent as it is to who asks for something else, even to who
/// refuses that with `identity;q=0`. Other responses than 200 are never compressed. `Content-Length` is always
/// that of what is sent, and `Vary` names the headers that were looked at.
///
/// Simultaneous scrapes wait for each other: one is prepared at a time, in the order in which they came, and
/// between its pieces the runtime goes on with other work. One that is dropped makes room for the next. How
/// fast a client then takes its response keeps nobody waiting.
///
/// A registry's metrics come before the layer's. In 0.0.4 and in protobuf, which have fewer types, its counters
/// are declared under the `_total` of their samples, its infos are gauges, and unknown is untyped. In 0.0.4
/// exemplars are left out.
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
    /// None if it is disabled.
    source: Option<Arc<Source>>,
    instruments: Option<Arc<Instruments>>,
}

/// What is exposed.
struct Source {
    registry: Option<Registry>,
    families: Option<Arc<Families>>,
    pool: Arc<Pool>,
    queue: Arc<Queue>,
}

impl Source {
    fn clock(&self) -> Clock {
        let families = self.families.as_ref();
        families.map_or_else(Clock::new, |families| families.clock().clone())
    }
}

impl Exposition {
    /// An endpoint for a registry alone, for a process that has no layer or registered it there.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self::of(Some(registry), None)
    }

    /// An endpoint that exposes nothing: 503 and a line of text for `GET` and `HEAD`, for a process whose metrics
    /// are switched off. The route is there, so that Prometheus shows a target that is down, and why.
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
    /// | `exposition_scrape_duration_seconds` | histogram | | those with a response: from its turn among simultaneous scrapes to the head, which follows compression but not the sending |
    ///
    /// They tell of the scrapes that ended before the one they are in. Other requests than `GET` and `HEAD` are no
    /// scrapes. Clones made of it share them; those made before have none. Time is that of the layer's
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
            self.instruments = Some(Arc::new(Instruments::new(source.clock())));
        }
        self
    }

    pub(crate) fn with_families(registry: Option<Registry>, families: Families) -> Self {
        Self::of(registry, Some(Arc::new(families)))
    }

    fn of(registry: Option<Registry>, families: Option<Arc<Families>>) -> Self {
        Self {
            source: Some(Arc::new(Source {
                registry,
                families,
                pool: Arc::default(),
                queue: Arc::default(),
            })),
            instruments: None,
        }
    }
}

impl<B> Service<Request<B>> for Exposition {
    type Response = http::Response<ExpositionBody>;
    type Error = Infallible;
    type Future = ExpositionFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ExpositionFuture {
        let head_only = match *request.method() {
            Method::GET => false,
            Method::HEAD => true,
            _ => return ExpositionFuture::not_allowed(),
        };
        let Some(source) = &self.source else {
            return ExpositionFuture::disabled(head_only);
        };
        let order = Order {
            source: Arc::clone(source),
            dialect: accept::negotiate(request.headers()),
            coding: coding::negotiate(request.headers()),
            instruments: self.instruments.clone(),
        };
        ExpositionFuture::scrape(Scrape::new(order), head_only)
    }
}

/// One of our families that the registry, as far as it shows it now, has too: beside ours, or twice if we
/// are registered with it. What cannot be encoded shows nothing.
pub(crate) fn find_duplicate(
    registry: &Registry,
    families: &Families,
    registered: bool,
) -> Option<String> {
    let text = library::encode(registry).ok()?;
    let mut names = Names::default();
    let mut taken: Vec<_> = library::families(&text)
        .map(|(family, kind)| names.take(family, kind))
        .collect();
    if !registered {
        taken.push(families.take_names(&mut names));
    }
    taken.into_iter().find_map(|taken| match taken {
        Err(ScrapeError::DuplicateFamily { family, other }) => [family, other]
            .into_iter()
            .find(|family| families.has(family)),
        _ => None,
    })
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").finish_non_exhaustive()
    }
}
