//! A server behind a layer, clients for it over each protocol, and what their requests change.

use super::{Body, Scrape, request, serve, settled, until};
use axum::Router;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::net::TcpStream;
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, TestClock};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

pub(crate) const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) exposition: Exposition,
}

impl Server {
    /// A router with the layer around it.
    pub(crate) async fn new(app: Router) -> Self {
        Self::configured(MetricsLayer::builder(), app).await
    }

    pub(crate) async fn configured(builder: MetricsLayerBuilder, app: Router) -> Self {
        let (metrics, exposition) = builder.pair().unwrap();
        let address = serve(app.layer(metrics)).await;
        Self {
            address,
            exposition,
        }
    }

    /// The same with a clock that goes when it is told to.
    pub(crate) async fn clocked(builder: MetricsLayerBuilder, app: Router) -> (Self, Clock) {
        let clock = TestClock::new();
        (Self::configured(builder.clock(&clock), app).await, clock)
    }

    pub(crate) async fn client(&self, protocol: Protocol) -> Client {
        match protocol {
            Protocol::Http1 => Client::Http1(super::http1(self.address).await),
            Protocol::Http2 => Client::Http2(super::http2(self.address).await),
        }
    }

    /// A client that has each frame in its hands.
    pub(crate) async fn h2(&self) -> h2::client::SendRequest<Bytes> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Has requests end that way over each protocol, by a client that is gone then.
    pub(crate) async fn counts(&self, expected: BTreeMap<String, f64>, way: impl AsyncFn(Client)) {
        for protocol in PROTOCOLS {
            self.counts_over(protocol, &expected, &way).await;
        }
    }

    pub(crate) async fn counts_over(
        &self,
        protocol: Protocol,
        expected: &BTreeMap<String, f64>,
        way: impl AsyncFn(Client),
    ) {
        let before = settled(&self.exposition).await;
        let ended = way(self.client(protocol).await);
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
        ended.unwrap_or_else(|_| panic!("it never ended over {protocol:?}"));
        let after = settled(&self.exposition).await;
        assert_eq!(after.since(&before), *expected, "{protocol:?}");
    }

    /// All that was counted from the beginning, once nothing is in flight.
    pub(crate) async fn all(&self) -> BTreeMap<String, f64> {
        settled(&self.exposition).await.since(&Scrape::default())
    }

    pub(crate) async fn in_flight(&self, expected: f64) {
        let is_so = || async {
            let scrape = Scrape::of(&self.exposition).await;
            scrape.sum("http_requests_in_flight") == expected
        };
        until(&format!("{expected} in flight"), is_so).await;
    }

    /// The only request of these labels took that long: not in the one bucket, but in the other.
    pub(crate) async fn lasted(
        &self,
        route: &str,
        status: &str,
        seconds: f64,
        buckets: (&str, &str),
    ) {
        let scrape = settled(&self.exposition).await;
        let labels = format!(r#"method="GET",route="{route}",status="{status}""#);
        let name = "http_request_duration_seconds";
        let bucket = |le| scrape.get(&format!(r#"{name}_bucket{{le="{le}",{labels}}}"#));
        assert_eq!(scrape.get(&format!("{name}_count{{{labels}}}")), 1.0);
        assert_eq!(scrape.get(&format!("{name}_sum{{{labels}}}")), seconds);
        assert_eq!((bucket(buckets.0), bucket(buckets.1)), (0.0, 1.0));
    }
}

pub(crate) type Clock = TestClock;

pub(crate) enum Client {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

type Answer = BoxFuture<'static, hyper::Result<Response<Incoming>>>;

impl Client {
    /// A request without a body, for [`Client::start_request`].
    pub(crate) fn request(&self, method: &str, path: &str) -> Request<Body> {
        match self {
            Self::Http1(_) => request(method, path),
            Self::Http2(_) => request(method, &format!("http://localhost{path}")),
        }
    }

    /// Sends a request, and leaves it to the caller to wait for the response.
    pub(crate) async fn start_request(&mut self, request: Request<Body>) -> Answer {
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

    pub(crate) async fn start(&mut self, method: &str, path: &str) -> Answer {
        self.start_request(self.request(method, path)).await
    }

    /// Waits for the head of the response.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
    ) -> hyper::Result<Response<Incoming>> {
        self.start(method, path).await.await
    }

    /// Reads the whole response.
    pub(crate) async fn read(&mut self, method: &str, path: &str) -> hyper::Result<StatusCode> {
        self.read_request(self.request(method, path)).await
    }

    pub(crate) async fn read_request(
        &mut self,
        request: Request<Body>,
    ) -> hyper::Result<StatusCode> {
        let response = self.start_request(request).await.await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

/// Reads frames of a body until that many bytes have come.
pub(crate) async fn read_bytes(body: &mut Incoming, mut count: usize) {
    while count > 0 {
        let frame = body.frame().await.unwrap().unwrap();
        count = count.saturating_sub(frame.into_data().unwrap().len());
    }
}
