//! A page for browsers: the exposition's numbers, without a Prometheus. Differences are taken in the browser.

mod answer;
mod json;
mod meaning;
mod writer;

use self::{answer::Part, meaning::Meanings, writer::JsonWriter};
use crate::{
    Exposition, ExpositionBody, ExpositionFuture,
    exposition::{Reader, method},
    sync::yield_now,
};
use http::{Request, Response};
use quanta::Clock;
use std::{
    convert::Infallible,
    fmt,
    task::{Context, Poll},
    time::SystemTime,
};
use tower_service::Service;

/// Page that shows in a browser what an [`Exposition`] exposes: a Tower service that answers on any path it is
/// mounted on.
///
/// Made by [`Exposition::page`], which says what it shows. Clones show the same.
///
/// | request | response |
/// |---|---|
/// | `GET` | 200: the document, or what the query asks for |
/// | `GET` with the query `script`, `style` or `icon` | 200: what the document refers to |
/// | `GET` with the query `data` | 200: the numbers as JSON, for the page's own script; their form may change in any version |
/// | `HEAD` | the same without the body |
/// | any other method | 405 with `Allow: GET, HEAD` |
/// | `GET` or `HEAD`, if the exposition is [`disabled`](Exposition::disabled) | 503, and a line of text that says so |
/// | data that a scrape would refuse | 500, and a line of text that names the family; the [`ScrapeError`](crate::ScrapeError) is in the extensions |
///
/// Anyone who can open it sees the names of all routes, and how much each is used. Protect it like the metrics: on an
/// admin port, or behind a layer that authenticates.
///
/// It loads nothing from elsewhere, and its `Content-Security-Policy` forbids inline code, other origins, frames, and
/// markup made by scripts. All its addresses are relative, so a proxy may serve it under another path. Browsers may
/// cache the document, the script and the style, but revalidate them each time.
///
/// The server keeps no state for it and starts no task. It prepares one response per second while a browser shows the
/// page, and fewer while the page is in the background. A response waits its turn among the scrapes, and is prepared in
/// stretches of a fraction of a millisecond.
#[derive(Clone)]
pub struct Page {
    /// `None` if the exposition is disabled.
    data: Option<Data>,
}

/// What the data is made of.
#[derive(Clone)]
struct Data {
    reader: Reader,
    started: Started,
}

/// When the page was made. A process that starts again has another one.
#[derive(Clone)]
struct Started {
    /// Milliseconds since 1970.
    millis: u64,
    clock: Clock,
    raw: u64,
}

impl Exposition {
    /// A page for browsers that shows what is exposed. Mount it on a path of its own.
    ///
    /// It shows requests, errors, latencies and requests in flight, of the service and of each route, over the last ten
    /// minutes that the page was open. The server keeps no history. Layers, operations, and the families of the process
    /// and of the Tokio runtime are recognised. Other metrics of the registry are not shown, and neither is a layer
    /// that was [registered](crate::MetricsLayerBuilder::register) there.
    ///
    /// ```
    /// use axum::{Router, body::Body, http::Request, routing::get};
    /// use tower::ServiceExt;
    /// use tower_red::MetricsLayer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (metrics, exposition) = MetricsLayer::pair();
    /// let app: Router = Router::new()
    ///     .route("/users/{id}", get(|| async { "a user" }))
    ///     .layer(metrics)
    ///     .route_service("/red", exposition.page())
    ///     .route_service("/metrics", exposition);
    ///
    /// let response = app.oneshot(Request::get("/red").body(Body::empty())?).await?;
    /// assert_eq!(response.status(), 200);
    /// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn page(&self) -> Page {
        let data = self.reader().map(|reader| Data {
            started: Started::now(reader.clock()),
            reader,
        });
        Page { data }
    }
}

impl Started {
    fn now(clock: Clock) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            millis: now.map_or(0, |now| now.as_millis() as u64),
            raw: clock.raw(),
            clock,
        }
    }

    /// How many seconds ago that was.
    fn seconds(&self) -> f64 {
        self.clock.delta(self.raw, self.clock.raw()).as_secs_f64()
    }
}

impl<B> Service<Request<B>> for Page {
    type Response = Response<ExpositionBody>;
    type Error = Infallible;
    type Future = ExpositionFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ExpositionFuture {
        let Some(head_only) = method::is_head_only(request.method()) else {
            return ExpositionFuture::answered(answer::not_allowed(), false);
        };
        let Some(data) = &self.data else {
            return ExpositionFuture::answered(answer::disabled(), head_only);
        };
        match Part::of_query(request.uri().query()) {
            Part::Asset(asset) => ExpositionFuture::answered(answer::asset(asset), head_only),
            Part::Data => ExpositionFuture::scraping(data.clone().prepare(), head_only),
        }
    }
}

impl Data {
    /// Prepares the answer. Everything that can fail, and everything that must be read together, is done here. It is
    /// written later, while it is sent.
    async fn prepare(self) -> Response<ExpositionBody> {
        let Self { reader, started } = self;
        let _turn = reader.turn().await;
        // Always once, however little there is to do.
        yield_now().await;
        let seconds = started.seconds();
        let mut families = match reader.families().await {
            Ok(families) => families,
            Err(error) => return answer::refused(error),
        };
        yield_now().await;
        let meanings = Meanings::new(&reader, &families);
        families.retain(|family| meanings.get(&family.name).is_some());
        let writer = JsonWriter::new(meanings, started.millis, seconds);
        answer::data(reader.body(families, Box::new(writer)))
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}
