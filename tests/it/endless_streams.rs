//! A stream has no natural end: it lasts until its head, and whoever leaves it ends it.

use crate::support::{
    Scrape, ScriptedBody,
    Step::{self, Bytes, End, Error, Panic, Status, Trailers},
    TestLayer,
    counted::{cancelled, complete, failed, in_flight, sum, times},
    grpc, read,
    server::{Client, PROTOCOLS, Protocol, Server},
};
use axum::{
    Router,
    body::Body,
    response::{
        Response,
        sse::{Event, Sse},
    },
    routing::{MethodRouter, get},
};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, Request, StatusCode};
use http_body::SizeHint;
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use tower_red::{MetricsLayer, Naming};

// ---- Over a socket.

#[tokio::test]
async fn a_client_that_leaves_an_event_stream_is_its_normal_end() {
    let server = Server::new(Router::new().route("/events", get(endless_events))).await;
    server
        .counts(complete("GET", "/events", "200"), leave("/events"))
        .await;
}

#[tokio::test]
async fn an_event_stream_that_ends_by_itself_is_complete() {
    let events = || async { Sse::new(events().take(3)) };
    let server = Server::new(Router::new().route("/events", get(events))).await;
    for method in ["GET", "HEAD"] {
        let way = async |mut client: Client| {
            client.read(method, "/events").await.unwrap();
        };
        server.counts(complete(method, "/events", "200"), way).await;
    }
}

#[tokio::test]
async fn an_event_stream_is_in_flight_until_its_client_leaves_and_lasts_until_its_head() {
    for protocol in PROTOCOLS {
        let app = Router::new().route("/events", get(endless_events));
        let (server, clock) = Server::clocked(MetricsLayer::builder(), app).await;
        let mut client = server.client(protocol).await;
        let mut body = client.send("GET", "/events").await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
        clock.advance(Duration::from_secs(3600));
        let open = Scrape::of(&server.exposition).await;
        assert_eq!(
            open.since(&Scrape::default()),
            in_flight("GET", "/events"),
            "{protocol:?}"
        );

        drop((client, body));
        let expected = complete("GET", "/events", "200");
        assert_eq!(server.all().await, expected, "{protocol:?}");
        let seconds = Scrape::of(&server.exposition).await;
        let seconds = seconds.sum("http_request_duration_seconds_sum");
        assert_eq!(seconds, 0.0, "{protocol:?}");
    }
}

#[tokio::test]
async fn a_route_that_is_declared_a_stream_is_one_whatever_its_type_and_length() {
    let chunks = || async { Body::from_stream(endless()) };
    let declared = || async {
        let head = Response::builder().header("content-length", 1 << 30);
        head.body(Body::from_stream(endless())).unwrap()
    };
    let app = Router::new()
        .route("/tail/{id}", get(chunks))
        .route("/download", get(declared))
        .route("/other", get(chunks));
    let builder = MetricsLayer::builder().streams(["/tail/{id}", "/download"]);
    let server = Server::configured(builder, app).await;
    for (path, route) in [("/tail/7", "/tail/{id}"), ("/download", "/download")] {
        server
            .counts(complete("GET", route, "200"), leave(path))
            .await;
    }
    server
        .counts(cancelled("GET", "/other", "200", "body"), leave("/other"))
        .await;
}

#[tokio::test]
async fn an_event_stream_with_a_content_length_is_an_ordinary_body() {
    let declared = || async {
        let head = Response::builder().header("content-type", "text/event-stream");
        let head = head.header("content-length", 1 << 30);
        head.body(Body::from_stream(endless())).unwrap()
    };
    let server = Server::new(Router::new().route("/events", get(declared))).await;
    server
        .counts(cancelled("GET", "/events", "200", "body"), leave("/events"))
        .await;
}

#[tokio::test]
async fn a_declared_stream_whose_client_leaves_before_the_head_is_cancelled_there() {
    let app = Router::new().route("/tail/{id}", get(pending::<()>));
    let builder = MetricsLayer::builder().streams(["/tail/{id}"]);
    let server = Server::configured(builder, app).await;
    let way = async |mut client: Client| {
        let _response = client.start("GET", "/tail/7").await;
        server.in_flight(1.0).await;
    };
    let expected = cancelled("GET", "/tail/{id}", "499", "head");
    server.counts(expected, way).await;
}

#[tokio::test]
async fn an_event_stream_that_fails_or_panics_is_an_error() {
    let app = Router::new()
        .route("/fails", scripted(&[Bytes(4), Bytes(4), Error]))
        .route("/panics", scripted(&[Bytes(4), Bytes(4), Panic]));
    let server = Server::new(app).await;
    for (route, error) in [("/fails", "body"), ("/panics", "panic")] {
        let way = async |mut client: Client| {
            client.read("GET", route).await.unwrap_err();
        };
        let expected = failed("GET", route, "200", error);
        server.counts(expected, way).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_that_leave_at_once_are_counted_once_each() {
    let app = Router::new().route("/events", get(endless_events));
    let server = Server::new(app).await;
    let (mut clients, mut bodies) = (Vec::new(), Vec::new());
    for (protocol, connections, requests) in [(Protocol::Http1, 50, 1), (Protocol::Http2, 5, 10)] {
        for _ in 0..connections {
            let mut client = server.client(protocol).await;
            for _ in 0..requests {
                bodies.push(client.send("GET", "/events").await.unwrap());
            }
            clients.push(client);
        }
    }
    server.in_flight(100.0).await;
    drop((clients, bodies));
    let expected = times(100.0, complete("GET", "/events", "200"));
    assert_eq!(server.all().await, expected);
}

#[tokio::test]
async fn under_the_names_of_open_telemetry_a_client_that_leaves_is_no_error_either() {
    let app = Router::new().route("/events", get(endless_events));
    let builder = MetricsLayer::builder().naming(Naming::OpenTelemetry);
    let server = Server::configured(builder, app).await;
    let mut client = server.client(Protocol::Http1).await;
    let mut body = client.send("GET", "/events").await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    drop((client, body));
    let is_over = || async {
        let scrape = Scrape::of(&server.exposition).await;
        scrape.sum("http_server_request_duration_seconds_count") == 1.0
    };
    crate::support::until("the stream to be over", is_over).await;
    let scrape = Scrape::of(&server.exposition).await;
    let with_error = scrape.0.keys().find(|series| series.contains("error_type"));
    assert_eq!(with_error, None);
}

// ---- Step by step.

#[tokio::test]
async fn an_event_stream_is_known_by_its_content_type() {
    for (kind, is_stream) in [
        ("text/event-stream", true),
        ("TEXT/Event-Stream", true),
        ("text/event-stream; charset=utf-8", true),
        ("text/event-stream;charset=utf-8", true),
        ("text/event-stream ; charset=utf-8", true),
        ("Text/Event-Stream;x=\"y\"", true),
        ("text/event-streams", false),
        ("text/event-stream+x", false),
        ("text/event", false),
        ("text/plain; x=text/event-stream", false),
        ("application/text/event-stream", false),
        ("application/json", false),
        ("", false),
    ] {
        let layer = TestLayer::default();
        let response = of_kind(kind, ScriptedBody::new(&[Bytes(4), Bytes(4)]));
        read(layer.respond(Request::new(()), response).into_body());
        let expected = match is_stream {
            true => complete("GET", "_unmatched", "200"),
            false => cancelled("GET", "_unmatched", "200", "body"),
        };
        assert_eq!(layer.all().await, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn a_stream_lasts_until_its_head_however_it_ends() {
    let rows: [(&[Step], _); 6] = [
        (&[Bytes(4), Bytes(4)], complete("GET", "_unmatched", "200")),
        (&[Bytes(4), End], complete("GET", "_unmatched", "200")),
        (&[Bytes(4), Trailers], complete("GET", "_unmatched", "200")),
        (&[], complete("GET", "_unmatched", "200")),
        (
            &[Bytes(4), Error],
            failed("GET", "_unmatched", "200", "body"),
        ),
        (
            &[Bytes(4), Panic],
            failed("GET", "_unmatched", "200", "panic"),
        ),
    ];
    for (script, expected) in rows {
        let layer = TestLayer::default();
        // The answer takes its time.
        let service = tower::service_fn(|_: Request<()>| async {
            layer.clock.advance(Duration::from_millis(250));
            Ok::<_, Infallible>(events_of(script))
        });
        let service = tower::Layer::layer(&layer.metrics, service);
        let response = tower::ServiceExt::oneshot(service, Request::new(())).await;
        layer.clock.advance(Duration::from_secs(3600));
        assert_eq!(layer.all().await, in_flight("GET", "_unmatched"));
        let body = response.unwrap().into_body();
        let _ = catch_unwind(AssertUnwindSafe(|| read(body)));
        assert_eq!(layer.all().await, expected, "{script:?}");
        let seconds = layer.scrape().await;
        let seconds = seconds.sum("http_request_duration_seconds_sum");
        assert_eq!(seconds, 0.25, "{script:?}");
    }
}

#[tokio::test]
async fn a_stream_is_counted_once_at_its_end_and_not_before() {
    let layer = TestLayer::default();
    let script = vec![Bytes(4); 1_000];
    let mut body = layer
        .respond(Request::new(()), events_of(&script))
        .into_body();
    for _ in 0..1_000 {
        body.frame().await.unwrap().unwrap();
    }
    assert_eq!(layer.all().await, in_flight("GET", "_unmatched"));
    drop(body);
    assert_eq!(layer.all().await, complete("GET", "_unmatched", "200"));
}

#[tokio::test]
async fn a_5xx_stream_is_an_error_with_its_code_though_its_client_left() {
    for (status, expected) in [
        (503, failed("GET", "_unmatched", "503", "503")),
        (404, complete("GET", "_unmatched", "404")),
    ] {
        let layer = TestLayer::default();
        let mut response = events_of(&[Bytes(4), Bytes(4)]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        read(layer.respond(Request::new(()), response).into_body());
        assert_eq!(layer.all().await, expected);
    }
}

#[tokio::test]
async fn an_event_stream_that_declares_a_length_is_an_ordinary_body() {
    let by_header = |script: &[Step]| {
        let mut response = events_of(script);
        let eight = HeaderValue::from_static("8");
        response.headers_mut().insert("content-length", eight);
        response
    };
    let by_hint = |script: &[Step]| {
        events_of(script).map(|mut body| {
            body.hint = Some(SizeHint::with_exact(8));
            body
        })
    };
    for response in [by_header, by_hint] {
        let layer = TestLayer::default();
        let body = layer.respond(Request::new(()), response(&[Bytes(4)]));
        layer.clock.advance(Duration::from_millis(250));
        read(body.into_body());
        let left = cancelled("GET", "_unmatched", "200", "body");
        assert_eq!(layer.all().await, left);
        let seconds = layer.scrape().await;
        assert_eq!(seconds.sum("http_request_duration_seconds_sum"), 0.25);

        let body = layer.respond(Request::new(()), response(&[Bytes(8), Error]));
        read(body.into_body());
        let both = sum([left, complete("GET", "_unmatched", "200")]);
        assert_eq!(layer.all().await, both);
    }
}

#[tokio::test]
async fn a_stream_dropped_before_its_head_is_cancelled_and_lasts_until_then() {
    let builder = MetricsLayer::builder().routes(["/tail"]).streams(["/tail"]);
    let layer = TestLayer::new(builder);
    let request = Request::get("/tail").body(()).unwrap();
    let never = layer.never(request);
    layer.clock.advance(Duration::from_millis(250));
    drop(never);
    let expected = cancelled("GET", "/tail", "499", "head");
    assert_eq!(layer.all().await, expected);
    let seconds = layer.scrape().await;
    assert_eq!(seconds.sum("http_request_duration_seconds_sum"), 0.25);
}

// ---- gRPC.

const WATCH: &str = "/pkg.Svc/Watch";

fn watch(script: &[Step]) -> (Request<()>, Response<ScriptedBody>) {
    let request = Request::post(WATCH).header("content-type", "application/grpc");
    let response = of_kind("application/grpc", ScriptedBody::new(script));
    (request.body(()).unwrap(), response)
}

#[tokio::test]
async fn a_declared_grpc_stream_that_is_left_midway_is_no_error_and_not_cancelled() {
    let builder = MetricsLayer::builder().routes([WATCH]).streams([WATCH]);
    let layer = TestLayer::new(builder);
    let (request, response) = watch(&[Bytes(4), Bytes(4)]);
    let body = layer.respond(request, response).into_body();
    layer.clock.advance(Duration::from_secs(3600));
    read(body);
    assert_eq!(layer.all().await, grpc::complete(WATCH, "200", "OK"));
    let seconds = layer.scrape().await;
    assert_eq!(seconds.sum("http_request_duration_seconds_sum"), 0.0);
}

#[tokio::test]
async fn the_status_in_the_trailers_of_a_declared_grpc_stream_counts_as_ever() {
    let rows: [(&[Step], _); 5] = [
        (&[Bytes(4), Status("0")], grpc::complete(WATCH, "200", "OK")),
        (
            &[Bytes(4), Status("13")],
            grpc::failed(WATCH, "200", "INTERNAL", "INTERNAL"),
        ),
        (&[Status("5")], grpc::complete(WATCH, "200", "NOT_FOUND")),
        (
            &[Bytes(4), Error],
            grpc::failed(WATCH, "200", "UNKNOWN", "body"),
        ),
        (
            &[Bytes(4), Panic],
            grpc::failed(WATCH, "200", "UNKNOWN", "panic"),
        ),
    ];
    for (script, expected) in rows {
        let builder = MetricsLayer::builder().routes([WATCH]).streams([WATCH]);
        let layer = TestLayer::new(builder);
        let (request, response) = watch(script);
        let body = layer.respond(request, response).into_body();
        let _ = catch_unwind(AssertUnwindSafe(|| read(body)));
        assert_eq!(layer.all().await, expected, "{script:?}");
    }
}

#[tokio::test]
async fn a_declared_grpc_stream_that_is_left_before_its_head_is_cancelled() {
    let builder = MetricsLayer::builder().routes([WATCH]).streams([WATCH]);
    let layer = TestLayer::new(builder);
    drop(layer.never(watch(&[]).0));
    let expected = grpc::cancelled(WATCH, "499", "head");
    assert_eq!(layer.all().await, expected);
}

#[tokio::test]
async fn a_grpc_stream_that_nobody_declared_is_cancelled_when_it_is_left() {
    let layer = TestLayer::new(MetricsLayer::builder().routes([WATCH]));
    let (request, response) = watch(&[Bytes(4), Bytes(4)]);
    read(layer.respond(request, response).into_body());
    let expected = grpc::cancelled(WATCH, "200", "body");
    assert_eq!(layer.all().await, expected);
}

// ---- Clients and responses.

/// Reads a frame, and is gone.
fn leave(path: &str) -> impl AsyncFn(Client) {
    async move |mut client: Client| {
        let mut body = client.send("GET", path).await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
    }
}

/// The first at once, and then none.
fn events() -> impl Stream<Item = Result<Event, Infallible>> {
    stream::repeat_with(|| Ok(Event::default().data("news")))
}

async fn endless_events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(events().take(1).chain(stream::once(pending())))
}

fn endless() -> impl Stream<Item = Result<&'static str, Infallible>> {
    stream::iter([Ok("chunk")]).chain(stream::once(pending()))
}

fn scripted(script: &'static [Step]) -> MethodRouter {
    get(move || async move { events_of(script).map(Body::new) })
}

fn events_of(script: &[Step]) -> Response<ScriptedBody> {
    of_kind("text/event-stream", ScriptedBody::new(script))
}

fn of_kind(kind: &'static str, body: ScriptedBody) -> Response<ScriptedBody> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert("content-type", kind);
    response
}
