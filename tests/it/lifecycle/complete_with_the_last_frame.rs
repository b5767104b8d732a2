//! Complete: the last frame was handed to the server.

use super::{Client, Protocol, Server, answers, failed};
use crate::support::{
    Scrape, ScriptedBody,
    Step::{self, Data, End, Error, LastData, Trailers},
    complete, request, serve_hyper, settled, sum,
};
use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::{Layer, service_fn};
use tower_red::MetricsLayer;

#[tokio::test]
async fn a_response_is_complete_when_its_body_is_polled_to_its_end() {
    let server = Server::new(
        Router::new()
            .route("/fixed", get(|| async { "fixed" }))
            .route("/large", get(|| async { vec![0_u8; 1 << 20] }))
            .route("/last", answers(200, &[Data, Data, LastData]))
            .route("/stream", answers(200, &[Data, Data, End]))
            .route("/nothing", answers(200, &[End])),
    )
    .await;
    for route in ["/fixed", "/large", "/last", "/stream", "/nothing"] {
        let way = async |mut client: Client| {
            client.read("GET", route).await.unwrap();
        };
        server.counts(complete("GET", route, "200"), way).await;
    }
}

#[tokio::test]
async fn a_response_is_complete_with_its_trailers() {
    let server =
        Server::new(Router::new().route("/trailers", answers(200, &[Data, Data, Trailers]))).await;
    let way = async |mut client: Client| {
        client.read("GET", "/trailers").await.unwrap();
    };
    server
        .counts(complete("GET", "/trailers", "200"), way)
        .await;
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_complete() {
    let server = Server::new(Router::new().route("/stream", answers(200, &[Data, End]))).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /stream HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(
        text.ends_with("\r\n\r\ndata"),
        "neither a length nor chunks: {text}"
    );
    assert_eq!(server.all().await, complete("GET", "/stream", "200"));
}

#[tokio::test]
async fn a_response_whose_body_is_never_polled_is_complete_at_its_head() {
    // Bodies that never end: whoever waits for their end waits in vain.
    let server = Server::new(
        Router::new()
            .route("/fixed", get(|| async { "fixed" }))
            .route("/empty", get(|| async {}))
            .route("/endless", answers(200, &[Data]))
            .route("/unavailable", answers(503, &[Data]))
            .route("/no-content", answers(204, &[Data]))
            .route("/not-modified", answers(304, &[Data])),
    )
    .await;
    let rows = [
        ("HEAD", "/fixed", "200"),
        ("HEAD", "/endless", "200"),
        ("GET", "/empty", "200"),
        ("GET", "/no-content", "204"),
        ("GET", "/not-modified", "304"),
    ];
    for (method, route, status) in rows {
        let way = async |mut client: Client| {
            client.send(method, route).await.unwrap();
        };
        server.counts(complete(method, route, status), way).await;
    }
    let way = async |mut client: Client| {
        client.send("HEAD", "/unavailable").await.unwrap();
    };
    server
        .counts(failed("HEAD", "/unavailable", "503", "503"), way)
        .await;
}

/// How bodies really end, as measured on hyper: polled or not, with `None` or not, `is_end_stream` or not.
#[tokio::test]
async fn every_request_is_counted_once_and_complete_whatever_hyper_does_with_its_body() {
    let server = Server::new(
        Router::new()
            .route("/fixed", get(|| async { "fixed" }))
            .route("/empty", get(|| async {}))
            .route("/stream", answers(200, &[Data, Data, End])),
    )
    .await;
    let rows = [
        ("GET", "/fixed", "/fixed", "200"),
        ("HEAD", "/fixed", "/fixed", "200"),
        ("GET", "/empty", "/empty", "200"),
        ("HEAD", "/empty", "/empty", "200"),
        ("GET", "/stream", "/stream", "200"),
        ("HEAD", "/stream", "/stream", "200"),
        ("GET", "/nowhere", "_unmatched", "404"),
        ("HEAD", "/nowhere", "_unmatched", "404"),
        ("POST", "/fixed", "/fixed", "405"),
    ];
    for (method, path, route, status) in rows {
        let way = async |mut client: Client| {
            client.read(method, path).await.unwrap();
        };
        server.counts(complete(method, route, status), way).await;
    }
    // Again, all of them on one connection.
    let all = rows.map(|(method, _, route, status)| complete(method, route, status));
    let way = async |mut client: Client| {
        for (method, path, _, _) in rows {
            client.read(method, path).await.unwrap();
        }
    };
    server.counts(sum(all), way).await;
}

#[tokio::test]
async fn an_upgrade_is_complete_at_its_101_while_its_connection_lives_on() {
    let upgrade = |mut request: Request| async move {
        tokio::spawn(echo(hyper::upgrade::on(&mut request)));
        let head = Response::builder().status(101).header("upgrade", "echo");
        head.header("connection", "upgrade")
            .body(Body::new(ScriptedBody::new(&[Data])))
            .unwrap()
    };
    let server = Server::new(Router::new().route("/upgrade", get(upgrade))).await;
    let mut client = server.client(Protocol::Http1).await;
    let mut request = request("GET", "/upgrade");
    request
        .headers_mut()
        .insert("connection", "upgrade".parse().unwrap());
    request
        .headers_mut()
        .insert("upgrade", "echo".parse().unwrap());
    let response = client.start_request(request).await.await.unwrap();
    assert_eq!(response.status(), 101);

    let expected = complete("GET", "/upgrade", "101");
    assert_eq!(server.all().await, expected);
    talk(response).await;
    assert_eq!(server.all().await, expected);
}

#[tokio::test]
async fn a_connect_is_complete_at_its_2xx_while_its_tunnel_lives_on() {
    let connect = service_fn(|mut request: hyper::Request<Incoming>| async move {
        tokio::spawn(echo(hyper::upgrade::on(&mut request)));
        Ok::<_, Infallible>(Response::new(ScriptedBody::new(&[Data])))
    });
    let (metrics, exposition) = MetricsLayer::pair();
    let address = serve_hyper(metrics.layer(connect)).await;
    let server = Server {
        address,
        exposition,
    };
    let expected = complete("CONNECT", "_unmatched", "200");
    let way = async |mut client: Client| {
        let before = Scrape::of(&server.exposition).await;
        let response = client
            .start_request(request("CONNECT", "localhost:1"))
            .await;
        let response = response.await.unwrap();
        assert_eq!(settled(&server.exposition).await.since(&before), expected);
        talk(response).await;
    };
    server.counts(expected.clone(), way).await;
}

#[tokio::test]
async fn a_connect_that_is_refused_has_a_body_like_any_other_response() {
    let rows: [(&'static [Step], _); 2] = [
        (&[Data, End], complete("CONNECT", "_unmatched", "403")),
        (
            &[Data, Error],
            failed("CONNECT", "_unmatched", "403", "body"),
        ),
    ];
    for (script, expected) in rows {
        let refuse = service_fn(move |_: hyper::Request<Incoming>| async {
            let response = Response::builder().status(403);
            Ok::<_, Infallible>(response.body(ScriptedBody::new(script)).unwrap())
        });
        let (metrics, exposition) = MetricsLayer::pair();
        let address = serve_hyper(metrics.layer(refuse)).await;
        let server = Server {
            address,
            exposition,
        };
        let way = async |mut client: Client| {
            let connect = request("CONNECT", "localhost:1");
            if let Ok(response) = client.start_request(connect).await.await {
                let _ = response.into_body().collect().await;
            }
        };
        server.counts(expected, way).await;
    }
}

/// Echoes what comes over an upgraded connection.
async fn echo(upgrade: hyper::upgrade::OnUpgrade) {
    let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
    // It ends when the client does.
    let _ = tokio::io::copy(&mut reader, &mut writer).await;
}

/// Talks over an upgraded connection.
async fn talk(response: http::Response<Incoming>) {
    let mut upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut heard = [0; 5];
    upgraded.write_all(b"hello").await.unwrap();
    upgraded.flush().await.unwrap();
    upgraded.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}
