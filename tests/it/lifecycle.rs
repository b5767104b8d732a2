//! Every request is counted exactly once, however it ends, and is in flight no longer.
//!
//! Each test compares all that changed between two scrapes: what is not named did not change.

use crate::support;
use crate::support::{
    Scrape, ScriptedBody, Step,
    Step::{Data, End, Error, LastData, Panic, Trailers},
    TestLayer, changes, complete, request, respond, serve, serve_hyper, settled, sum, times, until,
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::Response,
    routing::{MethodRouter, any, get, post},
};
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::StatusCode;
use http_body_util::{BodyExt, Empty, Full, channel::Channel};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::TokioIo;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{pending, ready},
    io::Write,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
    sync::mpsc,
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer,
    timeout::{ResponseBodyTimeoutLayer, TimeoutLayer},
};
use tower_red::{Exposition, MetricsLayer, ResponseBody, RouteTemplate};

// ---- Complete: the last frame was handed to the server.

#[tokio::test]
async fn a_response_is_complete_when_its_body_is_polled_to_its_end() {
    let server = layered(
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
        layered(Router::new().route("/trailers", answers(200, &[Data, Data, Trailers]))).await;
    let way = async |mut client: Client| {
        client.read("GET", "/trailers").await.unwrap();
    };
    server
        .counts(complete("GET", "/trailers", "200"), way)
        .await;
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_complete() {
    let server = layered(Router::new().route("/stream", answers(200, &[Data, End]))).await;
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
    let server = layered(
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
    let server = layered(
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
    let server = layered(Router::new().route("/upgrade", get(upgrade))).await;
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

// ---- Cancelled: dropped by whoever owns it.

#[tokio::test]
async fn a_response_whose_client_leaves_midway_is_cancelled_in_its_body() {
    let server = layered(Router::new().route("/endless", answers(200, &[Data, Data, Data]))).await;
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
    let server = layered(Router::new().route("/unavailable", answers(503, &[Data, Data]))).await;
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
    let server = layered(
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
    let server = layered(Router::new().route("/never", get(pending::<()>))).await;
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
    let server = layered(
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

    let inside = layered(app().layer(timeout)).await;
    inside
        .counts(failed("GET", "/endless", "200", "body"), way)
        .await;
}

#[tokio::test]
async fn a_client_that_leaves_in_its_upload_is_counted_once() {
    let server = layered(Router::new().route("/upload", post(|_: Bytes| async {}))).await;
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
    let server = serves.block_on(layered(never));
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
    let server = layered(
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

// ---- Failed: the service returned an error, its body failed, or it panicked.

#[tokio::test]
async fn a_body_that_fails_is_a_body_error() {
    let server = layered(Router::new().route("/fails", answers(200, &[Data, Data, Error]))).await;
    let way = async |mut client: Client| {
        client.read("GET", "/fails").await.unwrap_err();
    };
    server
        .counts(failed("GET", "/fails", "200", "body"), way)
        .await;
}

#[tokio::test]
async fn a_complete_5xx_is_an_error_with_its_code() {
    let server = layered(
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
    let server = layered(Router::new().route("/panic", get(panics))).await;
    let way = async |mut client: Client| {
        client.send("GET", "/panic").await.unwrap_err();
    };
    server
        .counts(failed("GET", "/panic", "500", "panic"), way)
        .await;
}

#[tokio::test]
async fn a_panic_in_the_body_is_a_panic_under_the_code_already_sent() {
    let server = layered(Router::new().route("/panic", answers(202, &[Data, Data, Panic]))).await;
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

    let inside = layered(app().layer(CatchPanicLayer::new())).await;
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
    let server = layered(app).await;
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

// ---- Not a request.

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

// ---- In flight, and how long.

#[tokio::test]
async fn a_response_overrules_the_route_but_not_where_the_request_is_in_flight() {
    const START: &str = r#"http_requests_in_flight{method="GET",route="/files/{name}"}"#;
    const OTHER: &str = r#"http_requests_in_flight{method="GET",route="/other"}"#;
    for protocol in PROTOCOLS {
        let (answer, files) = handed();
        let (answer_other, other) = handed();
        let app = Router::new()
            .route("/files/{name}", files)
            .route("/other", other);
        let server = layered(app).await;
        let gauges = async || {
            let scrape = Scrape::of(&server.exposition).await;
            (scrape.get(START), scrape.get(OTHER))
        };

        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/files/1").await;
        server.in_flight(1.0).await;
        assert_eq!(gauges().await, (1.0, 0.0));
        // One that did start where the other one will end.
        let mut client = server.client(protocol).await;
        let response_other = client.start("GET", "/other").await;
        server.in_flight(2.0).await;
        assert_eq!(gauges().await, (1.0, 1.0));

        let (mut body, channel) = Channel::<Bytes>::new(1);
        let mut head = Response::new(Body::new(channel));
        head.extensions_mut().insert(RouteTemplate::new("/other"));
        answer.send(head).unwrap();
        let response = response.await.unwrap();
        body.send_data("data".into()).await.unwrap();
        assert_eq!(gauges().await, (1.0, 1.0), "{protocol:?}: until its end");

        drop(body);
        response.into_body().collect().await.unwrap();
        server.in_flight(1.0).await;
        assert_eq!(gauges().await, (0.0, 1.0), "{protocol:?}");

        answer_other.send(Response::default()).unwrap();
        response_other.await.unwrap();
        let expected = times(2.0, complete("GET", "/other", "200"));
        assert_eq!(server.all().await, expected, "{protocol:?}");
        assert_eq!(gauges().await, (0.0, 0.0), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_streamed_response_lasts_from_its_call_to_the_end_of_its_body() {
    for protocol in PROTOCOLS {
        let (answer, route) = handed();
        let (server, clock) = clocked(Router::new().route("/stream", route)).await;
        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/stream").await;
        server.in_flight(1.0).await;
        clock.increment(Duration::from_millis(100));

        let (mut body, channel) = Channel::<Bytes>::new(1);
        answer.send(Response::new(Body::new(channel))).unwrap();
        let mut response = response.await.unwrap().into_body();
        clock.increment(Duration::from_millis(50));
        body.send_data("data".into()).await.unwrap();
        response.frame().await.unwrap().unwrap();
        clock.increment(Duration::from_millis(100));

        drop(body);
        response.collect().await.unwrap();
        // A bound is inside of its bucket.
        server.lasted("/stream", "200", 0.25, ("0.1", "0.25")).await;
    }
}

#[tokio::test]
async fn a_cancelled_request_lasts_until_it_is_dropped() {
    for protocol in PROTOCOLS {
        let (server, clock) = clocked(
            Router::new()
                .route("/never", get(pending::<()>))
                .route("/endless", answers(200, &[Data])),
        )
        .await;
        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/never").await;
        server.in_flight(1.0).await;
        clock.increment(Duration::from_millis(60));
        drop((client, response));
        server
            .lasted("/never", "499", 0.06, ("0.05", "0.075"))
            .await;

        let mut client = server.client(protocol).await;
        let response = client.send("GET", "/endless").await.unwrap();
        clock.increment(Duration::from_secs(20));
        drop((client, response));
        server
            .lasted("/endless", "200", 20.0, ("10.0", "+Inf"))
            .await;
    }
}

#[tokio::test]
async fn a_response_that_ends_with_its_head_lasts_until_its_head() {
    for protocol in PROTOCOLS {
        let (answer, route) = handed();
        let (server, clock) = clocked(Router::new().route("/stream", any(route))).await;
        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/stream").await;
        server.in_flight(1.0).await;
        clock.increment(Duration::from_millis(80));
        let head = Response::builder().status(204);
        answer
            .send(head.body(Body::new(ScriptedBody::new(&[Data]))).unwrap())
            .unwrap();
        let response = response.await.unwrap();
        clock.increment(Duration::from_secs(1));
        drop(response);
        server
            .lasted("/stream", "204", 0.08, ("0.075", "0.1"))
            .await;
    }
}

// ---- What a socket cannot show: the response in our own hands.

#[tokio::test]
async fn every_1xx_and_204_and_304_is_complete_at_its_head() {
    let (metrics, exposition) = MetricsLayer::pair();
    for code in (100..200).chain([204, 304]) {
        let before = Scrape::of(&exposition).await;
        let body = hold(&metrics, code, &[Data]);
        let after = Scrape::of(&exposition).await;
        let expected = complete("GET", "_unmatched", &code.to_string());
        assert_eq!(after.since(&before), expected);
        drop(body);
        assert_eq!(Scrape::of(&exposition).await, after, "{code}: once");
    }
}

#[tokio::test]
async fn a_response_is_counted_with_its_last_frame_and_not_at_its_drop() {
    for script in [
        &[Data, LastData][..],
        &[Data, Trailers],
        &[Data, End],
        &[LastData],
    ] {
        let (metrics, exposition) = MetricsLayer::pair();
        let mut body = hold(&metrics, 200, script);
        for (polled, _) in script.iter().enumerate() {
            let scrape = Scrape::of(&exposition).await;
            assert_eq!(
                scrape.sum("http_requests_total"),
                0.0,
                "{script:?} at {polled}"
            );
            assert_eq!(
                scrape.sum("http_requests_in_flight"),
                1.0,
                "{script:?} at {polled}"
            );
            let _ = body.frame().now_or_never().unwrap();
        }
        let after = Scrape::of(&exposition).await;
        let expected = complete("GET", "_unmatched", "200");
        assert_eq!(after.since(&Scrape::default()), expected, "{script:?}");
        // Whatever comes then, it was counted.
        let _ = body.frame().now_or_never();
        drop(body);
        assert_eq!(Scrape::of(&exposition).await, after, "{script:?}");
    }
}

#[tokio::test]
async fn a_response_without_a_body_is_counted_with_its_head_and_not_at_its_drop() {
    let (metrics, exposition) = MetricsLayer::pair();
    let body = ScriptedBody::new(&[]);
    body.ended.store(true, Ordering::Relaxed);
    let body = respond(&metrics, Response::new(body));
    let after = Scrape::of(&exposition).await;
    let expected = complete("GET", "_unmatched", "200");
    assert_eq!(after.since(&Scrape::default()), expected);
    drop(body);
    assert_eq!(Scrape::of(&exposition).await, after);
}

#[tokio::test]
async fn a_body_that_is_at_its_end_when_dropped_is_complete_though_nobody_polled_it() {
    let (metrics, exposition) = MetricsLayer::pair();
    let body = ScriptedBody::new(&[Data]);
    let ended = Arc::clone(&body.ended);
    let body = respond(&metrics, Response::new(body)).into_body();
    ended.store(true, Ordering::Relaxed);
    drop(body);
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, complete("GET", "_unmatched", "200"));
}

#[tokio::test]
async fn a_body_that_is_dropped_before_its_first_poll_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    drop(hold(&metrics, 200, &[Data, End]));
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, cancelled("GET", "_unmatched", "200", "body"));
}

#[tokio::test]
async fn a_future_that_is_dropped_before_its_first_poll_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    let mut service = metrics.layer(service_fn(|_: Request| async {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    drop(service.call(Request::default()));
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, cancelled("GET", "_unmatched", "499", "head"));
}

#[tokio::test]
async fn the_first_error_that_applies_is_the_one() {
    let counted = |status: u16, error: &str| {
        let status = status.to_string();
        match error {
            "" => cancelled("GET", "_unmatched", &status, "body"),
            error => failed("GET", "_unmatched", &status, error),
        }
    };
    let rows: [(u16, &[Step], &str); 6] = [
        (503, &[Data, Panic], "panic"),
        (503, &[Data, Error], "body"),
        (503, &[Data, End], "503"),
        (503, &[Data], ""),
        // It is over with its error.
        (200, &[Error, Panic], "body"),
        (503, &[Error, End], "body"),
    ];
    for (status, script, error) in rows {
        let (metrics, exposition) = MetricsLayer::pair();
        let mut body = hold(&metrics, status, script);
        for _ in script {
            let _ = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
        }
        drop(body);
        let all = Scrape::of(&exposition).await.since(&Scrape::default());
        assert_eq!(all, counted(status, error), "{status} {script:?}");
    }
}

#[tokio::test]
async fn a_body_that_panicked_is_a_panic_though_it_says_that_it_is_at_its_end() {
    let (metrics, exposition) = MetricsLayer::pair();
    let body = ScriptedBody::new(&[Panic]);
    let ended = Arc::clone(&body.ended);
    let mut body = respond(&metrics, Response::new(body)).into_body();
    ended.store(true, Ordering::Relaxed);
    let polled = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
    assert!(polled.is_err());
    drop(body);
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, failed("GET", "_unmatched", "200", "panic"));
}

/// `std::thread::panicking` is true for them, and they are no panics.
#[tokio::test]
async fn a_request_that_is_dropped_while_another_one_panics_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    let service = service_fn(|request: Request| async move {
        assert!(request.uri().path() != "/panic", "asked to");
        pending::<Result<Response, Infallible>>().await
    });
    let service = metrics.layer(service);
    let mut future = Box::pin(service.clone().oneshot(Request::default()));
    assert!((&mut future).now_or_never().is_none());
    let mut body = hold(&metrics, 200, &[Data, Data]);
    let _ = body.frame().now_or_never().unwrap();

    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _bystanders = (future, body);
        let panics = http::Request::post("/panic").body(Body::empty()).unwrap();
        service.oneshot(panics).now_or_never()
    }));
    assert!(unwound.is_err());
    let expected = sum([
        failed("POST", "_unmatched", "500", "panic"),
        cancelled("GET", "_unmatched", "499", "head"),
        cancelled("GET", "_unmatched", "200", "body"),
    ]);
    let after = Scrape::of(&exposition).await;
    assert_eq!(after.since(&Scrape::default()), expected);
    assert_eq!(after.sum("http_requests_in_flight"), 0.0);
}

// ---- Servers and clients.

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

// ---- Services.

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

fn hold(metrics: &MetricsLayer, status: u16, script: &[Step]) -> ResponseBody<ScriptedBody> {
    let response = Response::builder()
        .status(status)
        .body(ScriptedBody::new(script));
    respond(metrics, response.unwrap()).into_body()
}

// ---- What one request changes.

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
