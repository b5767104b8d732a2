//! A body is complete once the bytes that it declared were handed over: a server does not ask for more.

use crate::support::{
    Body, Scrape, ScriptedBody,
    Step::{self, Bytes, End, Error, Panic, Status, Trailers},
    TestLayer,
    counted::{cancelled, complete, failed, in_flight, sum, times},
    grpc, read, serve,
    server::{Client, PROTOCOLS, Protocol, Server, read_bytes},
    settled,
};
use axum::{
    Router,
    extract::Request,
    response::Response,
    routing::{MethodRouter, any, get},
};
use futures_util::{FutureExt, StreamExt, future::pending, stream};
use http::{HeaderValue, header::CONTENT_LENGTH};
use http_body::SizeHint;
use http_body_util::BodyExt;
use hyper_util::{client::legacy, rt::TokioExecutor};
use std::{
    convert::Infallible,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use tower_http::services::{ServeDir, ServeFile};

// ---- Over a socket.

/// What a header asks for of a file, and the status that answers.
const ASKED: [(&str, &str, u16); 10] = [
    ("accept", "*/*", 200),
    ("range", "bytes=0-0", 206),
    ("range", "bytes=100-2099", 206),
    ("range", "bytes=100-", 206),
    ("range", "bytes=-10", 206),
    ("range", "bytes=0-", 206),
    ("range", "bytes=-99999999", 416),
    ("range", "bytes=99999999-", 416),
    ("range", "bytes=0-1,10-11", 416),
    ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT", 304),
];

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Files in frames of a thousand bytes, by their folder and one by itself.
async fn files() -> Server {
    let folder = ServeDir::new(ROOT).with_buf_chunk_size(1_000);
    let file = ServeFile::new(format!("{ROOT}/README.md")).with_buf_chunk_size(1_000);
    Server::new(
        Router::new()
            .route_service("/file", file)
            .nest("/files", Router::new().route_service("/{*path}", folder)),
    )
    .await
}

const FILES: [(&str, &str); 2] = [("/files/README.md", "/files/{*path}"), ("/file", "/file")];

#[tokio::test]
async fn a_file_and_each_part_of_it_is_complete_once_its_bytes_were_handed_over() {
    let server = files().await;
    for (path, route) in FILES {
        for method in ["GET", "HEAD"] {
            for (header, value, status) in ASKED {
                // tower-http answers that with a body, which HTTP/2 takes for an error.
                if method == "HEAD" && value.contains(',') {
                    continue;
                }
                let way = async |mut client: Client| {
                    let mut request = client.request(method, path);
                    let headers = request.headers_mut();
                    headers.insert(header, HeaderValue::from_static(value));
                    let answered = client.read_request(request).await.unwrap();
                    assert_eq!(answered, status, "{method} {path} {value}");
                };
                let expected = complete(method, route, &status.to_string());
                server.counts(expected, way).await;
            }
        }
    }
}

#[tokio::test]
async fn files_that_follow_one_another_on_a_connection_are_all_complete() {
    let server = files().await;
    let way = async |mut client: Client| {
        for _ in 0..50 {
            client.read("GET", "/files/README.md").await.unwrap();
            client.read("GET", "/files/Cargo.toml").await.unwrap();
        }
    };
    let expected = times(100.0, complete("GET", "/files/{*path}", "200"));
    server.counts(expected, way).await;
}

#[tokio::test]
async fn a_stream_under_a_declared_length_is_complete_once_its_bytes_were_handed_over() {
    let server = Server::new(
        Router::new()
            .route("/one", declares(4, &[4]))
            .route("/three", declares(12, &[4, 4, 4]))
            .route("/uneven", declares(100_000, &[1, 99_998, 1]))
            .route("/empty-frames", declares(4, &[0, 4, 0])),
    )
    .await;
    for route in ["/one", "/three", "/uneven", "/empty-frames"] {
        for method in ["GET", "HEAD"] {
            let way = async |mut client: Client| {
                client.read(method, route).await.unwrap();
            };
            server.counts(complete(method, route, "200"), way).await;
        }
    }
}

#[tokio::test]
async fn a_declared_length_of_none_ends_the_response_with_its_head() {
    let server = Server::new(Router::new().route("/nothing", declares(0, &[]))).await;
    for protocol in PROTOCOLS {
        let before = settled(&server.exposition).await;
        let mut client = server.client(protocol).await;
        let _response = client.send("GET", "/nothing").await.unwrap();
        let counted = settled(&server.exposition).await.since(&before);
        assert_eq!(counted, complete("GET", "/nothing", "200"), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_304_that_says_how_long_the_page_would_be_is_complete_at_its_head() {
    let not_modified = || async {
        let head = Response::builder().status(304).header(CONTENT_LENGTH, 100);
        head.body(axum::body::Body::empty()).unwrap()
    };
    let server = Server::new(Router::new().route("/page", get(not_modified))).await;
    let way = async |mut client: Client| {
        assert_eq!(client.read("GET", "/page").await.unwrap(), 304);
    };
    server.counts(complete("GET", "/page", "304"), way).await;
}

const PROXIED: [(&str, &str); 6] = [
    ("/fixed", "200"),
    ("/large", "200"),
    ("/declared", "200"),
    ("/empty", "200"),
    ("/chunked", "200"),
    ("/nothing", "204"),
];

/// Where it is proxied to.
fn upstream() -> Router {
    Router::new()
        .route("/fixed", any(|| async { "fixed" }))
        .route("/large", any(|| async { vec![b'.'; 1 << 20] }))
        .route("/declared", declares(12, &[4, 4, 4]))
        .route("/empty", any(|| async {}))
        .route("/chunked", any(|| async { chunked(&[4, 4]) }))
        .route("/nothing", any(|| async { http::StatusCode::NO_CONTENT }))
}

/// Passes responses on as they come.
fn proxy(server: SocketAddr, protocol: Protocol) -> Router {
    let client = legacy::Client::builder(TokioExecutor::new())
        .http2_only(protocol == Protocol::Http2)
        .build_http::<Body>();
    Router::new().fallback(move |request: Request| {
        let client = client.clone();
        async move {
            let request = http::Request::builder()
                .method(request.method())
                .uri(format!("http://{server}{}", request.uri().path()))
                .body(Body::default());
            let response = client.request(request.unwrap()).await.unwrap();
            response.map(axum::body::Body::new)
        }
    })
}

#[tokio::test]
async fn a_response_that_is_passed_on_is_complete_once_its_bytes_were_handed_over() {
    let upstream = serve(upstream()).await;
    for inner in PROTOCOLS {
        let server = Server::new(proxy(upstream, inner)).await;
        for (path, status) in PROXIED {
            for method in ["GET", "HEAD"] {
                let way = async |mut client: Client| {
                    let answered = client.read(method, path).await.unwrap();
                    assert_eq!(answered.as_str(), status);
                };
                let expected = complete(method, "_unmatched", status);
                server.counts(expected, way).await;
            }
        }
    }
}

#[tokio::test]
async fn a_body_dropped_one_byte_before_its_declared_end_is_cancelled() {
    let short = || async {
        let waits = stream::once(pending::<Result<Vec<u8>, Infallible>>());
        let frames = stream::iter(vec![Ok(vec![b'.'; 4]); 3]).chain(waits);
        declared(13, axum::body::Body::from_stream(frames))
    };
    let server = Server::new(Router::new().route("/short", get(short))).await;
    let way = async |mut client: Client| {
        let mut body = client.send("GET", "/short").await.unwrap().into_body();
        read_bytes(&mut body, 12).await;
    };
    let expected = cancelled("GET", "/short", "200", "body");
    server.counts(expected, way).await;
}

#[tokio::test]
async fn a_client_that_leaves_a_large_file_is_cancelled() {
    const LARGE: usize = 64 << 20;
    let large = || async {
        let frames = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'.'; 1 << 16]));
        declared(LARGE, axum::body::Body::from_stream(frames))
    };
    let server = Server::new(Router::new().route("/large", get(large))).await;
    let way = async |mut client: Client| {
        let mut body = client.send("GET", "/large").await.unwrap().into_body();
        read_bytes(&mut body, 1).await;
    };
    let expected = cancelled("GET", "/large", "200", "body");
    server.counts(expected, way).await;
}

#[tokio::test]
async fn a_body_that_ends_before_its_declared_length_is_complete_here() {
    let short = || async { declared(13, chunked(&[4, 4])) };
    let server = Server::new(Router::new().route("/short", get(short))).await;
    let way = async |mut client: Client| {
        // The server sees to the connection.
        client.read("GET", "/short").await.unwrap_err();
    };
    server.counts(complete("GET", "/short", "200"), way).await;
}

#[tokio::test]
async fn a_declared_body_that_fails_before_its_end_is_a_body_error() {
    let fails = || async {
        let frames = [Ok(vec![b'.'; 4]), Err("broken")];
        declared(8, axum::body::Body::from_stream(stream::iter(frames)))
    };
    let server = Server::new(Router::new().route("/fails", get(fails))).await;
    let way = async |mut client: Client| {
        client.read("GET", "/fails").await.unwrap_err();
    };
    let expected = failed("GET", "/fails", "200", "body");
    server.counts(expected, way).await;
}

// ---- Step by step.

#[tokio::test]
async fn a_response_is_counted_with_the_frame_that_reaches_its_declared_length() {
    for (response, frames) in [
        (with_header("8", &[Bytes(4), Bytes(4)]), 2),
        (with_header("8", &[Bytes(8)]), 1),
        (with_header("8", &[Bytes(7), Bytes(0), Bytes(1)]), 3),
        (with_hint(8, &[Bytes(4), Bytes(4)]), 2),
        // The hint is what the body itself says.
        (with_both(8, "4", &[Bytes(4), Bytes(4)]), 2),
        (with_both(8, "16", &[Bytes(4), Bytes(4)]), 2),
        (with_both(8, "nonsense", &[Bytes(4), Bytes(4)]), 2),
    ] {
        let layer = TestLayer::default();
        let what = format!("{response:?}");
        let mut body = layer.respond(Request::new(()), response).into_body();
        for _ in 0..frames {
            let before = layer.all().await;
            assert_eq!(before, in_flight("GET", "_unmatched"), "{what}");
            body.frame().now_or_never().unwrap().unwrap().unwrap();
        }
        let once = complete("GET", "_unmatched", "200");
        assert_eq!(layer.all().await, once, "{what}");
        drop(body);
        assert_eq!(layer.all().await, once, "{what}");
    }
}

#[tokio::test]
async fn once_the_declared_bytes_have_passed_nothing_that_the_body_does_changes_it() {
    let afterwards: [&'static [Step]; 6] = [
        &[End],
        &[Error],
        &[Panic],
        &[Bytes(4), Error],
        &[Trailers, End],
        &[Error, Panic, End],
    ];
    for after in afterwards {
        for declare in [with_header, |_: &str, steps: &[Step]| with_hint(8, steps)] {
            let script = [&[Bytes(4), Bytes(4)], after].concat();
            let layer = TestLayer::default();
            let mut body = layer
                .respond(Request::new(()), declare("8", &script))
                .into_body();
            for _ in &script {
                let _ = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
            }
            drop(body);
            let once = complete("GET", "_unmatched", "200");
            assert_eq!(layer.all().await, once, "{after:?}");
        }
    }
}

#[tokio::test]
async fn a_frame_that_goes_beyond_the_declared_length_has_reached_it() {
    for script in [
        &[Bytes(10)][..],
        &[Bytes(4), Bytes(6)],
        &[Bytes(4), Bytes(4), Bytes(4), Error],
    ] {
        let layer = TestLayer::default();
        read(
            layer
                .respond(Request::new(()), with_header("8", script))
                .into_body(),
        );
        let once = complete("GET", "_unmatched", "200");
        assert_eq!(layer.all().await, once, "{script:?}");
    }
}

#[tokio::test]
async fn a_request_lasts_until_its_declared_bytes_have_passed() {
    let layer = TestLayer::default();
    let response = with_header("8", &[Bytes(4), Bytes(4)]);
    let mut body = layer.respond(Request::new(()), response).into_body();
    layer.clock.advance(Duration::from_millis(100));
    body.frame().await.unwrap().unwrap();
    layer.clock.advance(Duration::from_millis(150));
    body.frame().await.unwrap().unwrap();
    layer.clock.advance(Duration::from_secs(60));
    drop(body);
    let scrape = layer.scrape().await;
    assert_eq!(scrape.sum("http_request_duration_seconds_sum"), 0.25);
}

#[tokio::test]
async fn a_body_dropped_before_its_declared_bytes_is_cancelled() {
    for response in [
        with_header("8", &[]),
        with_header("8", &[Bytes(7)]),
        with_header("8", &[Bytes(4), Bytes(0), Bytes(3)]),
        with_hint(8, &[Bytes(4)]),
        with_both(8, "4", &[Bytes(4)]),
        with_header("18446744073709551615", &[Bytes(4)]),
        with_hint(u64::MAX, &[Bytes(4)]),
    ] {
        let layer = TestLayer::default();
        let what = format!("{response:?}");
        read(layer.respond(Request::new(()), response).into_body());
        let expected = cancelled("GET", "_unmatched", "200", "body");
        assert_eq!(layer.all().await, expected, "{what}");
    }
}

#[tokio::test]
async fn a_body_that_fails_or_panics_before_its_declared_bytes_has_failed() {
    for (script, error) in [
        (&[Bytes(4), Error][..], "body"),
        (&[Error], "body"),
        (&[Bytes(7), Panic], "panic"),
    ] {
        let layer = TestLayer::default();
        let body = layer
            .respond(Request::new(()), with_header("8", script))
            .into_body();
        let _ = catch_unwind(AssertUnwindSafe(|| read(body)));
        let expected = failed("GET", "_unmatched", "200", error);
        assert_eq!(layer.all().await, expected, "{script:?}");
    }
}

#[tokio::test]
async fn a_body_that_declares_no_bytes_is_complete_at_the_head() {
    for response in [
        with_header("0", &[Error]),
        with_hint(0, &[Error]),
        with_both(0, "8", &[Error]),
    ] {
        let layer = TestLayer::default();
        let what = format!("{response:?}");
        let body = layer.respond(Request::new(()), response).into_body();
        let once = complete("GET", "_unmatched", "200");
        assert_eq!(layer.all().await, once, "{what}");
        read(body);
        assert_eq!(layer.all().await, once, "{what}");
    }
}

#[tokio::test]
async fn a_body_that_ends_before_what_it_declared_is_complete() {
    for script in [
        &[Bytes(4), End][..],
        &[End],
        &[Trailers],
        &[Bytes(7), Trailers],
    ] {
        for response in [with_header("8", script), with_hint(8, script)] {
            let layer = TestLayer::default();
            read(layer.respond(Request::new(()), response).into_body());
            let once = complete("GET", "_unmatched", "200");
            assert_eq!(layer.all().await, once, "{script:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_content_length_declares_nothing() {
    let wrong: [&[&str]; 16] = [
        &[""],
        &["four"],
        &["+4"],
        &["-4"],
        &["4.0"],
        &["0x4"],
        &["4 bytes"],
        &["4,5"],
        &["-0"],
        &["18446744073709551616"],
        &["99999999999999999999999999"],
        &["4", "5"],
        &["5", "4"],
        &["4", "4", "5"],
        &["4", "four"],
        &["four", "4"],
    ];
    for values in wrong {
        // Not at any of the lengths that it might be taken for.
        let script = [Bytes(4), Bytes(1), Bytes(100)];
        let layer = TestLayer::default();
        read(
            layer
                .respond(Request::new(()), with_headers(values, &script))
                .into_body(),
        );
        let expected = cancelled("GET", "_unmatched", "200", "body");
        assert_eq!(layer.all().await, expected, "{values:?}");

        let script = [Bytes(4), Bytes(1), End];
        let layer = TestLayer::default();
        read(
            layer
                .respond(Request::new(()), with_headers(values, &script))
                .into_body(),
        );
        let expected = complete("GET", "_unmatched", "200");
        assert_eq!(layer.all().await, expected, "{values:?}");
    }
}

#[tokio::test]
async fn a_content_length_that_is_said_twice_declares_it_once() {
    let layer = TestLayer::default();
    let response = with_headers(&["8", "8"], &[Bytes(4), Bytes(4)]);
    read(layer.respond(Request::new(()), response).into_body());
    assert_eq!(layer.all().await, complete("GET", "_unmatched", "200"));
}

#[tokio::test]
async fn a_hint_that_is_not_exact_declares_nothing() {
    let mut bounded = SizeHint::new();
    bounded.set_lower(4);
    bounded.set_upper(8);
    let mut at_least = SizeHint::new();
    at_least.set_lower(8);
    for hint in [bounded, at_least, SizeHint::new()] {
        let layer = TestLayer::default();
        let response = Response::new(hinted(hint, &[Bytes(4), Bytes(4)]));
        read(layer.respond(Request::new(()), response).into_body());
        let left = cancelled("GET", "_unmatched", "200", "body");
        assert_eq!(layer.all().await, left, "{hint:?}");

        // And leaves it to the header.
        let mut response = Response::new(hinted(hint, &[Bytes(4), Bytes(2)]));
        let six = HeaderValue::from_static("6");
        response.headers_mut().insert(CONTENT_LENGTH, six);
        read(layer.respond(Request::new(()), response).into_body());
        let both = sum([left, complete("GET", "_unmatched", "200")]);
        assert_eq!(layer.all().await, both, "{hint:?}");
    }
}

/// The status is in the trailers, and those come after any length.
#[tokio::test]
async fn a_grpc_response_is_complete_with_its_trailers_whatever_length_it_declared() {
    const ROUTE: &str = "/pkg.Svc/Method";
    const INTERNAL: Step = Status("13");
    let call = || {
        let request = http::Request::post(ROUTE).header("content-type", "application/grpc");
        request.body(()).unwrap()
    };
    let grpc = |mut response: Response<ScriptedBody>| {
        let kind = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", kind);
        response
    };
    let builder = || tower_red::MetricsLayer::builder().routes([ROUTE]);
    for (declared, bytes) in [("8", 8), ("4", 8), ("16", 8), ("0", 0)] {
        let hint = declared.parse().unwrap();
        let script = [Bytes(bytes), INTERNAL];
        for response in [with_header(declared, &script), with_hint(hint, &script)] {
            let layer = TestLayer::new(builder());
            read(layer.respond(call(), grpc(response)).into_body());
            let expected = grpc::failed(ROUTE, "200", "INTERNAL", "INTERNAL");
            assert_eq!(layer.all().await, expected, "{declared}");
        }
    }
    // Without trailers it did not get to its end.
    let layer = TestLayer::new(builder());
    let response = grpc(with_header("8", &[Bytes(8)]));
    read(layer.respond(call(), response).into_body());
    let expected = grpc::cancelled(ROUTE, "200", "body");
    assert_eq!(layer.all().await, expected);
}

#[tokio::test]
async fn what_has_no_body_is_complete_at_its_head_whatever_length_it_declares() {
    for (method, status) in [
        ("HEAD", 200),
        ("HEAD", 404),
        ("GET", 204),
        ("GET", 304),
        ("GET", 101),
        ("CONNECT", 200),
    ] {
        let layer = TestLayer::default();
        let request = http::Request::builder().method(method).body(()).unwrap();
        let mut response = with_header("100", &[]);
        *response.status_mut() = status.try_into().unwrap();
        let body = layer.respond(request, response);
        let expected = complete(method, "_unmatched", &status.to_string());
        assert_eq!(layer.all().await, expected, "{method} {status}");
        drop(body);
        assert_eq!(layer.all().await, expected, "{method} {status}");
    }
}

#[tokio::test]
async fn a_5xx_with_a_declared_length_is_an_error_with_its_code() {
    let layer = TestLayer::default();
    let mut response = with_header("8", &[Bytes(8)]);
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    read(layer.respond(Request::new(()), response).into_body());
    let expected = failed("GET", "_unmatched", "503", "503");
    assert_eq!(layer.scrape().await.since(&Scrape::default()), expected);
}

// ---- Responses.

/// A route whose body has frames of these sizes, and a header that declares its length.
fn declares(length: usize, frames: &'static [usize]) -> MethodRouter {
    get(move || async move { declared(length, chunked(frames)) })
}

/// A body in frames of these sizes, without a length of its own.
fn chunked(frames: &'static [usize]) -> axum::body::Body {
    let frames = stream::iter(frames).map(|size| Ok::<_, Infallible>(vec![b'.'; *size]));
    axum::body::Body::from_stream(frames)
}

fn declared(length: usize, body: axum::body::Body) -> Response {
    let head = Response::builder().header(CONTENT_LENGTH, length);
    head.body(body).unwrap()
}

fn with_headers(lengths: &[&str], script: &[Step]) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::new(script));
    for length in lengths {
        let length = HeaderValue::from_str(length).unwrap();
        response.headers_mut().append(CONTENT_LENGTH, length);
    }
    response
}

fn with_header(length: &str, script: &[Step]) -> Response<ScriptedBody> {
    with_headers(&[length], script)
}

fn with_hint(length: u64, script: &[Step]) -> Response<ScriptedBody> {
    Response::new(hinted(SizeHint::with_exact(length), script))
}

fn with_both(hint: u64, header: &str, script: &[Step]) -> Response<ScriptedBody> {
    let hint = SizeHint::with_exact(hint);
    with_header(header, script).map(|_| hinted(hint, script))
}

fn hinted(hint: SizeHint, script: &[Step]) -> ScriptedBody {
    let mut body = ScriptedBody::new(script);
    body.hint = Some(hint);
    body
}
