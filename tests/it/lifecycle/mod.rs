//! Every request is counted exactly once, however it ends, and is in flight no longer.
//!
//! Each test compares all that changed between two scrapes: what is not named did not change.

mod cancelled_when_dropped;
mod complete_with_the_last_frame;
mod counted_once;
mod failed_for_one_reason;
mod in_flight_until_the_end;

use crate::support::{
    self, Scrape, ScriptedBody, Step, TestLayer, changes, complete, request, respond, serve,
    settled, sum, until,
};
use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{MethodRouter, get},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::mpsc};
use tower_red::{Exposition, MetricsLayer, ResponseBody};

#[derive(Clone, Copy, Debug)]
enum Protocol {
    Http1,
    Http2,
}

const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

struct Server {
    address: SocketAddr,
    exposition: Exposition,
}

/// A router with the layer around it.
async fn layered(app: Router) -> Server {
    let (metrics, exposition) = MetricsLayer::pair();
    let address = serve(app.layer(metrics)).await;
    Server {
        address,
        exposition,
    }
}

/// The same with a clock that goes when it is told to.
async fn clocked(app: Router) -> (Server, Arc<quanta::Mock>) {
    let layer = TestLayer::new(MetricsLayer::builder());
    let server = Server {
        address: serve(app.layer(layer.metrics)).await,
        exposition: layer.exposition,
    };
    (server, layer.clock)
}

impl Server {
    async fn client(&self, protocol: Protocol) -> Client {
        match protocol {
            Protocol::Http1 => Client::Http1(support::http1(self.address).await),
            Protocol::Http2 => Client::Http2(support::http2(self.address).await),
        }
    }

    /// A client that has each frame in its hands.
    async fn h2(&self) -> h2::client::SendRequest<Bytes> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Has requests end that way over each protocol, by a client that is gone then.
    async fn counts(&self, expected: BTreeMap<String, f64>, way: impl AsyncFn(Client)) {
        for protocol in PROTOCOLS {
            let before = settled(&self.exposition).await;
            let ended = way(self.client(protocol).await);
            let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
            ended.unwrap_or_else(|_| panic!("it never ended over {protocol:?}"));
            let after = settled(&self.exposition).await;
            assert_eq!(after.since(&before), expected, "{protocol:?}");
        }
    }

    /// All that was counted from the beginning, once nothing is in flight.
    async fn all(&self) -> BTreeMap<String, f64> {
        settled(&self.exposition).await.since(&Scrape::default())
    }

    async fn in_flight(&self, expected: f64) {
        let sum = async || {
            Scrape::of(&self.exposition)
                .await
                .sum("http_requests_in_flight")
        };
        let is_so = || async { sum().await == expected };
        until(&format!("{expected} in flight"), is_so).await;
    }

    /// The only request of these labels took that long: not in the one bucket, but in the other.
    async fn lasted(&self, route: &str, status: &str, seconds: f64, buckets: (&str, &str)) {
        let scrape = settled(&self.exposition).await;
        let labels = format!(r#"method="GET",route="{route}",status="{status}""#);
        let name = "http_request_duration_seconds";
        let bucket = |le| scrape.get(&format!(r#"{name}_bucket{{le="{le}",{labels}}}"#));
        assert_eq!(scrape.get(&format!("{name}_count{{{labels}}}")), 1.0);
        assert_eq!(scrape.get(&format!("{name}_sum{{{labels}}}")), seconds);
        assert_eq!((bucket(buckets.0), bucket(buckets.1)), (0.0, 1.0));
    }
}

enum Client {
    Http1(http1::SendRequest<support::Body>),
    Http2(http2::SendRequest<support::Body>),
}

type Answer = BoxFuture<'static, hyper::Result<http::Response<Incoming>>>;

impl Client {
    async fn start_request(&mut self, request: http::Request<support::Body>) -> Answer {
        match self {
            Self::Http1(sender) => {
                sender.ready().await.unwrap();
                Box::pin(sender.send_request(request))
            }
            Self::Http2(sender) => {
                sender.ready().await.unwrap();
                Box::pin(sender.send_request(request))
            }
        }
    }

    /// Sends a request, and leaves it to the caller to wait for the response.
    async fn start(&mut self, method: &str, path: &str) -> Answer {
        let target = match self {
            Self::Http1(_) => path.to_owned(),
            Self::Http2(_) => format!("http://localhost{path}"),
        };
        self.start_request(request(method, &target)).await
    }

    /// Waits for the head of the response.
    async fn send(&mut self, method: &str, path: &str) -> hyper::Result<http::Response<Incoming>> {
        self.start(method, path).await.await
    }

    /// Reads the whole response.
    async fn read(&mut self, method: &str, path: &str) -> hyper::Result<StatusCode> {
        let response = self.send(method, path).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

/// A route that answers with a body that does what its script says, and then waits for ever.
fn answers(status: u16, script: &'static [Step]) -> MethodRouter {
    let status = StatusCode::from_u16(status).unwrap();
    get(move || async move { (status, Body::new(ScriptedBody::new(script))) })
}

/// A route that answers with what it is handed.
fn handed() -> (mpsc::UnboundedSender<Response>, MethodRouter) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let handler = move || async move { receiver.lock().await.recv().await.unwrap() };
    (sender, get(handler))
}

async fn panics() {
    // Not in the first poll.
    tokio::task::yield_now().await;
    panic!("asked to")
}

fn hold(metrics: &MetricsLayer, status: u16, script: &[Step]) -> ResponseBody<ScriptedBody> {
    let response = Response::builder()
        .status(status)
        .body(ScriptedBody::new(script));
    respond(metrics, response.unwrap()).into_body()
}

/// That failed.
fn failed(method: &str, route: &str, status: &str, error: &str) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="{method}",route="{route}",error="{error}""#);
    let errors = format!("http_errors_total{{{labels}}}");
    sum([complete(method, route, status), changes([(&errors, 1.0)])])
}

/// That was cancelled.
fn cancelled(method: &str, route: &str, status: &str, phase: &str) -> BTreeMap<String, f64> {
    let labels = format!(r#"method="{method}",route="{route}",phase="{phase}""#);
    let cancelled = format!("http_requests_cancelled_total{{{labels}}}");
    sum([
        complete(method, route, status),
        changes([(&cancelled, 1.0)]),
    ])
}
