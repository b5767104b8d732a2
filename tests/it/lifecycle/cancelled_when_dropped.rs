//! Cancelled: dropped by whoever owns it.

use super::{Client, Protocol, Server, answers, cancelled, failed};
use crate::support::{Scrape, Step::Data, complete, serve, settled, sum, times};
use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    future::pending,
    io::Write,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, runtime};
use tower_http::timeout::{ResponseBodyTimeoutLayer, TimeoutLayer};
use tower_red::MetricsLayer;

#[tokio::test]
async fn a_response_whose_client_leaves_midway_is_cancelled_in_its_body() {
    let server =
        Server::new(Router::new().route("/endless", answers(200, &[Data, Data, Data]))).await;
    let way = async |mut client: Client| {
        let mut body = client.send("GET", "/endless").await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
    };
    server
        .counts(cancelled("GET", "/endless", "200", "body"), way)
        .await;
}

#[tokio::test]
async fn a_cancelled_5xx_is_cancelled_and_no_error() {
    let server =
        Server::new(Router::new().route("/unavailable", answers(503, &[Data, Data]))).await;
    let way = async |mut client: Client| {
        let mut body = client
            .send("GET", "/unavailable")
            .await
            .unwrap()
            .into_body();
        body.frame().await.unwrap().unwrap();
    };
    server
        .counts(cancelled("GET", "/unavailable", "503", "body"), way)
        .await;
}

#[tokio::test]
async fn a_reset_http2_stream_is_cancelled_and_its_connection_goes_on() {
    let server = Server::new(
        Router::new()
            .route("/fixed", get(|| async { "fixed" }))
            // More than the window, so that the server cannot be done with it.
            .route("/large", get(|| async { Body::new(Frames { left: 64 }) }))
            .route("/never", get(pending::<()>)),
    )
    .await;
    let mut client = server.h2().await;

    let request = http::Request::get("http://localhost/large")
        .body(())
        .unwrap();
    let (response, mut stream) = client.send_request(request, true).unwrap();
    let mut body = response.await.unwrap().into_body();
    body.data().await.unwrap().unwrap();
    stream.send_reset(h2::Reason::CANCEL);
    let midway = cancelled("GET", "/large", "200", "body");
    assert_eq!(server.all().await, midway);

    let request = http::Request::get("http://localhost/never")
        .body(())
        .unwrap();
    let (_response, mut stream) = client.send_request(request, true).unwrap();
    server.in_flight(1.0).await;
    stream.send_reset(h2::Reason::CANCEL);
    let head = cancelled("GET", "/never", "499", "head");
    assert_eq!(server.all().await, sum([midway.clone(), head.clone()]));

    let request = http::Request::get("http://localhost/fixed")
        .body(())
        .unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    let fixed = complete("GET", "/fixed", "200");
    assert_eq!(server.all().await, sum([midway, head, fixed]));
}

#[tokio::test]
async fn a_request_whose_client_leaves_before_the_head_is_cancelled_in_its_head() {
    let server = Server::new(Router::new().route("/never", get(pending::<()>))).await;
    let way = async |mut client: Client| {
        let _response = client.start("GET", "/never").await;
        server.in_flight(1.0).await;
    };
    server
        .counts(cancelled("GET", "/never", "499", "head"), way)
        .await;
}

#[tokio::test]
async fn a_timeout_outside_of_the_layer_cancels_the_request() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new().route("/never", get(pending::<()>));
    let app = app.layer(metrics).layer(timeout());
    let server = Server {
        address: serve(app).await,
        exposition,
    };
    let way = async |mut client: Client| {
        assert_eq!(client.read("GET", "/never").await.unwrap(), 504);
    };
    server
        .counts(cancelled("GET", "/never", "499", "head"), way)
        .await;
}

#[tokio::test]
async fn a_timeout_inside_of_the_layer_is_a_response_like_any_other() {
    let server = Server::new(
        Router::new()
            .route("/never", get(pending::<()>))
            .layer(timeout()),
    )
    .await;
    let way = async |mut client: Client| {
        assert_eq!(client.read("GET", "/never").await.unwrap(), 504);
    };
    server
        .counts(failed("GET", "/never", "504", "504"), way)
        .await;
}

#[tokio::test]
async fn a_body_timeout_outside_of_the_layer_cancels_the_body_and_one_inside_fails_it() {
    let app = || Router::new().route("/endless", answers(200, &[Data]));
    let timeout = ResponseBodyTimeoutLayer::new(Duration::from_millis(1));
    let way = async |mut client: Client| {
        client.read("GET", "/endless").await.unwrap_err();
    };

    let (metrics, exposition) = MetricsLayer::pair();
    let address = serve(app().layer(metrics).layer(timeout.clone())).await;
    let outside = Server {
        address,
        exposition,
    };
    outside
        .counts(cancelled("GET", "/endless", "200", "body"), way)
        .await;

    let inside = Server::new(app().layer(timeout)).await;
    inside
        .counts(failed("GET", "/endless", "200", "body"), way)
        .await;
}

#[tokio::test]
async fn a_client_that_leaves_in_its_upload_is_counted_once() {
    let server = Server::new(Router::new().route("/upload", post(|_: Bytes| async {}))).await;
    let once = async || {
        let after = settled(&server.exposition).await;
        let counted = after.sum("http_requests_total");
        assert_eq!(after.sum("http_request_duration_seconds_count"), counted);
        counted
    };

    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let half = b"POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\nhalf";
    stream.write_all(half).await.unwrap();
    server.in_flight(1.0).await;
    drop(stream);
    // As 400 or as cancelled: that is whether the handler or the server sees it first.
    assert_eq!(once().await, 1.0);

    let mut client = server.h2().await;
    let request = http::Request::post("http://localhost/upload")
        .body(())
        .unwrap();
    let (_response, mut stream) = client.send_request(request, false).unwrap();
    stream.send_data("half".into(), false).unwrap();
    server.in_flight(1.0).await;
    stream.send_reset(h2::Reason::CANCEL);
    assert_eq!(once().await, 2.0);
}

#[test]
fn requests_of_a_runtime_that_ends_are_cancelled() {
    let scrapes = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let serves = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let serves = serves.unwrap();
    let never = Router::new().route("/never", get(pending::<()>));
    let server = serves.block_on(Server::new(never));
    let mut client = std::net::TcpStream::connect(server.address).unwrap();
    client
        .write_all(b"GET /never HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    scrapes.block_on(server.in_flight(1.0));
    drop(serves);
    let all = scrapes.block_on(server.all());
    assert_eq!(all, cancelled("GET", "/never", "499", "head"));
}

/// Some vanish with their connection and some by resetting their stream, before and after the head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_requests_aborted_at_once_are_all_counted_once() {
    let server = Server::new(
        Router::new()
            .route("/never", get(pending::<()>))
            .route("/endless", answers(200, &[Data, Data])),
    )
    .await;
    let (mut clients, mut unanswered, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for (protocol, connections, requests) in [(Protocol::Http1, 50, 1), (Protocol::Http2, 5, 40)] {
        for _ in 0..connections {
            let mut waiting = server.client(protocol).await;
            let mut reading = server.client(protocol).await;
            for _ in 0..requests {
                unanswered.push(waiting.start("GET", "/never").await);
                answered.push(reading.send("GET", "/endless").await.unwrap());
            }
            clients.extend([waiting, reading]);
        }
    }
    assert_eq!((unanswered.len(), answered.len()), (250, 250));
    server.in_flight(500.0).await;
    let scrape = Scrape::of(&server.exposition).await;
    assert_eq!(
        scrape.get(r#"http_requests_in_flight{method="GET",route="/never"}"#),
        250.0
    );
    assert_eq!(
        scrape.get(r#"http_requests_in_flight{method="GET",route="/endless"}"#),
        250.0
    );

    // The last two clients are HTTP/2: their streams are reset, the others vanish with their connections.
    let stay = clients.split_off(clients.len() - 2);
    drop((clients, unanswered, answered));
    let head = cancelled("GET", "/never", "499", "head");
    let body = cancelled("GET", "/endless", "200", "body");
    assert_eq!(server.all().await, times(250.0, sum([head, body])));
    drop(stay);
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(1))
}

/// A body of many frames, and of a known length.
struct Frames {
    left: usize,
}

impl Frames {
    const LENGTH: usize = 16 * 1024;
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        let data = Bytes::from_static(&[0; Self::LENGTH]);
        Poll::Ready(Some(Ok(http_body::Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact((self.left * Self::LENGTH) as u64)
    }
}
