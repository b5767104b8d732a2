//! What the tests share: a real server, real clients, and scrapes that can be compared.

mod body;
#[cfg(feature = "axum")]
pub(crate) mod counted;
pub(crate) mod example;
pub(crate) mod grpc;
pub(crate) mod grpc_service;
mod layer;
pub(crate) mod random;
#[cfg(any(feature = "otlp", feature = "protobuf"))]
pub(crate) mod registry;
#[cfg(any(feature = "otlp", feature = "protobuf"))]
pub(crate) mod said;
#[cfg(feature = "axum")]
pub(crate) mod server;

pub(crate) use self::{
    body::{ScriptedBody, Step, read},
    layer::{Ending, TestLayer, handle, respond, two_buckets},
};

use axum::{BoxError, Router};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use std::{collections::BTreeMap, future::Future, net::SocketAddr, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use tower_red::Exposition;

/// What a scrape of the text format 0.0.4 asks for.
pub(crate) const CLASSIC: &str = "text/plain";
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text";

/// The body of requests.
pub(crate) type Body = Full<Bytes>;

/// Serves a router on a free port, over HTTP/1.1 and HTTP/2 without TLS, until the runtime ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Serves an endpoint as [`serve`] does.
pub(crate) async fn served(exposition: Exposition) -> SocketAddr {
    serve(Router::new().route_service("/metrics", exposition)).await
}

/// Serves any service on a free port as [`serve`] does, but by hyper itself.
pub(crate) async fn serve_hyper<S, B>(service: S) -> SocketAddr
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let io = TokioIo::new(stream);
                // How a connection ends is for its client to see.
                let _ = server.serve_connection_with_upgrades(io, service).await;
            });
        }
    });
    address
}

/// A connection of its own, over HTTP/1.1. Dropping the sender closes it.
pub(crate) async fn http1(address: SocketAddr) -> http1::SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    sender
}

/// A connection of its own, over HTTP/2.
pub(crate) async fn http2(address: SocketAddr) -> http2::SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A request without a body. `target` is a path, or for HTTP/2 a whole URI.
pub(crate) fn request(method: &str, target: &str) -> Request<Body> {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "localhost");
    request.body(Body::default()).unwrap()
}

/// Whether a line is what a layer says of itself, and not of requests.
pub(crate) fn is_about_itself(line: &str) -> bool {
    let name = line.split(['{', ' ']).next().unwrap_or_default();
    [
        "_overflowed_requests_total",
        "_label_sets",
        "_label_panics_total",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

/// All values of one scrape but those about the layer itself, by series, as in `http_requests_total{method="GET",route="/",status="200"}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scrape(pub BTreeMap<String, f64>);

impl Scrape {
    /// Scrapes in process: whole and at once.
    pub(crate) async fn of(exposition: &Exposition) -> Self {
        Self::parse(&text(exposition, "text/plain").await)
    }

    pub(crate) fn parse(text: &str) -> Self {
        let samples = text
            .lines()
            .filter(|line| !line.starts_with('#') && !is_about_itself(line))
            .map(|line| {
                let (series, value) = line.rsplit_once(' ').unwrap();
                (series.to_owned(), value.parse().unwrap())
            });
        Self(samples.collect())
    }

    /// The value of a series, 0 if there is none.
    pub(crate) fn get(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or(0.0)
    }

    /// The sum over all series of that name.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let of_name = |series: &str| series.split('{').next() == Some(name);
        self.0
            .iter()
            .filter(|(series, _)| of_name(series))
            .map(|(_, value)| value)
            .sum()
    }

    /// What changed since an earlier scrape. Without buckets and sums, which depend on the clock.
    pub(crate) fn since(&self, before: &Self) -> BTreeMap<String, f64> {
        let counted = |series: &str| {
            let name = series.split('{').next().unwrap_or_default();
            !name.ends_with("_bucket") && !name.ends_with("_sum")
        };
        let changes = self.0.iter().filter(|(series, _)| counted(series));
        let changes = changes.map(|(series, value)| (series.clone(), value - before.get(series)));
        changes.filter(|(_, change)| *change != 0.0).collect()
    }
}

/// What [`Scrape::since`] gives for these series.
pub(crate) fn changes<const N: usize>(expected: [(&str, f64); N]) -> BTreeMap<String, f64> {
    expected
        .into_iter()
        .map(|(series, change)| (series.to_owned(), change))
        .collect()
}

/// What a request changes that was complete, and no error.
pub(crate) fn complete(method: &str, route: &str, status: &str) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="{method}",route="{route}",status="{status}""#);
    let total = format!("http_requests_total{{{labels}}}");
    let count = format!("http_request_duration_seconds_count{{{labels}}}");
    changes([(&total, 1.0), (&count, 1.0)])
}

/// What all these change together.
pub(crate) fn sum(all: impl IntoIterator<Item = BTreeMap<String, f64>>) -> BTreeMap<String, f64> {
    let mut sum = BTreeMap::new();
    for (series, change) in all.into_iter().flatten() {
        *sum.entry(series).or_default() += change;
    }
    sum
}

pub(crate) fn times(factor: f64, changes: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    changes
        .into_iter()
        .map(|(series, change)| (series, change * factor))
        .collect()
}

/// The text of a scrape in the format of that `Accept` header.
pub(crate) async fn text(exposition: &Exposition, accept: &str) -> String {
    let request = Request::get("/metrics")
        .header("accept", accept)
        .body(())
        .unwrap();
    let response = exposition.clone().oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().into()).unwrap()
}

/// Asks again and again until it is so, for what happens on the other side of a socket.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    let asked = tokio::time::timeout(Duration::from_secs(20), asked).await;
    asked.unwrap_or_else(|_| panic!("waited in vain for: {what}"));
}

/// Scrapes until nothing is in flight.
pub(crate) async fn settled(exposition: &Exposition) -> Scrape {
    let idle = || async { Scrape::of(exposition).await.sum("http_requests_in_flight") == 0.0 };
    until("no request in flight", idle).await;
    Scrape::of(exposition).await
}
