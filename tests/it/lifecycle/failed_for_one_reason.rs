//! Failed: the service returned an error, its body failed, or it panicked. Or it was never ready, which is no
//! request.

use super::{Client, Protocol, Server, answers, cancelled, failed, panics};
use crate::support::{
    Scrape,
    Step::{Data, End, Error, Panic},
    serve, serve_hyper, sum,
};
use axum::{Router, response::Response, routing::get};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{pending, ready},
    task::{Context, Poll},
};
use tower::{Layer, Service, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_red::MetricsLayer;

#[tokio::test]
async fn a_body_that_fails_is_a_body_error() {
    let server =
        Server::new(Router::new().route("/fails", answers(200, &[Data, Data, Error]))).await;
    let way = async |mut client: Client| {
        client.read("GET", "/fails").await.unwrap_err();
    };
    server
        .counts(failed("GET", "/fails", "200", "body"), way)
        .await;
}

#[tokio::test]
async fn a_complete_5xx_is_an_error_with_its_code() {
    let server = Server::new(
        Router::new()
            .route(
                "/fixed",
                get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "later") }),
            )
            .route("/stream", answers(503, &[Data, End])),
    )
    .await;
    for route in ["/fixed", "/stream"] {
        let way = async |mut client: Client| {
            assert_eq!(client.read("GET", route).await.unwrap(), 503);
        };
        server.counts(failed("GET", route, "503", "503"), way).await;
    }
}

#[tokio::test]
async fn a_service_that_returns_err_is_a_service_error() {
    let fails = service_fn(|_: hyper::Request<Incoming>| async {
        Err::<Response<Empty<Bytes>>, _>("no response")
    });
    let (metrics, exposition) = MetricsLayer::pair();
    let address = serve_hyper(metrics.layer(fails)).await;
    let server = Server {
        address,
        exposition,
    };
    let way = async |mut client: Client| {
        client.send("GET", "/").await.unwrap_err();
    };
    server
        .counts(failed("GET", "_unmatched", "500", "service"), way)
        .await;
}

#[tokio::test]
async fn a_panic_in_call_is_a_panic() {
    let panics = service_fn(|request: hyper::Request<Incoming>| {
        assert!(request.uri().path() != "/panic", "asked to");
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let (metrics, exposition) = MetricsLayer::pair();
    let address = serve_hyper(metrics.layer(panics)).await;
    let server = Server {
        address,
        exposition,
    };
    let way = async |mut client: Client| {
        client.send("GET", "/panic").await.unwrap_err();
    };
    server
        .counts(failed("GET", "_unmatched", "500", "panic"), way)
        .await;
}

#[tokio::test]
async fn a_panic_in_poll_is_a_panic() {
    let server = Server::new(Router::new().route("/panic", get(panics))).await;
    let way = async |mut client: Client| {
        client.send("GET", "/panic").await.unwrap_err();
    };
    server
        .counts(failed("GET", "/panic", "500", "panic"), way)
        .await;
}

#[tokio::test]
async fn a_panic_in_the_body_is_a_panic_under_the_code_already_sent() {
    let server =
        Server::new(Router::new().route("/panic", answers(202, &[Data, Data, Panic]))).await;
    let way = async |mut client: Client| {
        client.read("GET", "/panic").await.unwrap_err();
    };
    server
        .counts(failed("GET", "/panic", "202", "panic"), way)
        .await;
}

#[tokio::test]
async fn a_panic_that_is_caught_outside_is_a_panic_and_one_caught_inside_is_its_response() {
    let app = || Router::new().route("/panic", get(panics));
    let way = async |mut client: Client| {
        assert_eq!(client.read("GET", "/panic").await.unwrap(), 500);
    };

    let (metrics, exposition) = MetricsLayer::pair();
    let address = serve(app().layer(metrics).layer(CatchPanicLayer::new())).await;
    let outside = Server {
        address,
        exposition,
    };
    outside
        .counts(failed("GET", "/panic", "500", "panic"), way)
        .await;

    let inside = Server::new(app().layer(CatchPanicLayer::new())).await;
    inside
        .counts(failed("GET", "/panic", "500", "500"), way)
        .await;
}

/// Over HTTP/2 they share a connection.
#[tokio::test]
async fn a_panic_is_nothing_to_the_other_requests_of_its_connection() {
    let app = Router::new()
        .route("/panic", get(panics))
        .route("/never", get(pending::<()>));
    let server = Server::new(app).await;
    let mut client = server.client(Protocol::Http2).await;
    let bystander = client.start("GET", "/never").await;
    server.in_flight(1.0).await;
    client.send("GET", "/panic").await.unwrap_err();
    server.in_flight(1.0).await;
    let panicked = failed("GET", "/panic", "500", "panic");
    let counted = Scrape::of(&server.exposition).await;
    assert_eq!(counted.sum("http_requests_total"), 1.0);
    drop((client, bystander));
    let left = cancelled("GET", "/never", "499", "head");
    assert_eq!(server.all().await, sum([panicked, left]));
}

#[tokio::test]
async fn a_service_that_is_never_ready_is_not_counted_and_its_error_passes_through() {
    let (metrics, exposition) = MetricsLayer::pair();
    let mut service = metrics.layer(NeverReady);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let polled = Service::<hyper::Request<Incoming>>::poll_ready(&mut service, &mut cx);
    assert_eq!(polled, Poll::Ready(Err("never ready")));

    let server = Server {
        address: serve_hyper(service).await,
        exposition,
    };
    let way = async |mut client: Client| {
        client.send("GET", "/").await.unwrap_err();
    };
    server.counts(BTreeMap::new(), way).await;
    assert_eq!(Scrape::of(&server.exposition).await, Scrape::default());
}

#[derive(Clone)]
struct NeverReady;

impl<R> Service<R> for NeverReady {
    type Response = Response<Full<Bytes>>;
    type Error = &'static str;
    type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Err("never ready"))
    }

    fn call(&mut self, _: R) -> Self::Future {
        unreachable!("it was never ready")
    }
}
