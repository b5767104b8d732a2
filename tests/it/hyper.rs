//! On plain hyper, without axum: what a service's client and its caller see, the layer does not change.

use crate::support::{
    Scrape, ScriptedBody,
    Step::{self, Data, End, Error as Fail, LastData, Panic, Trailers},
    changes, request, respond, serve_hyper, settled,
};
use axum::BoxError;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::BoxBody};
use hyper::{body::Incoming, ext::ReasonPhrase};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use std::{
    convert::Infallible,
    fmt::Debug,
    future::{Ready, pending, ready},
    marker::PhantomPinned,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::timeout::TimeoutLayer;
use tower_red::{MetricsLayer, ResponseBody, RouteTemplate};

type Answer = Response<BoxBody<Bytes, BoxError>>;

/// Each path another shape of response.
const PATHS: [&str; 10] = [
    "/fixed",
    "/empty",
    "/stream",
    "/hinted",
    "/trailers",
    "/declared",
    "/no-content",
    "/not-modified",
    "/reason",
    "/old",
];

async fn answer(request: Request<Incoming>) -> Result<Answer, Infallible> {
    let head = Response::builder()
        .header("x-tag", "a")
        .header("x-tag", "b");
    let fixed = || full("fixed");
    let response = match request.uri().path() {
        "/fixed" => head.body(fixed()),
        "/empty" => head.body(full("")),
        "/stream" => head.body(frames([
            Frame::data("one".into()),
            Frame::data("two".into()),
        ])),
        "/hinted" => head.body(scripted(&[Data, LastData])),
        "/trailers" => {
            let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
            let frames = frames([Frame::data("data".into()), Frame::trailers(trailers)]);
            head.header("trailer", "x-sum").body(frames)
        }
        "/fails" => {
            let fails = async {
                // The server sends what it has when the body lets it wait.
                tokio::task::yield_now().await;
                Err(BoxError::from("asked to"))
            };
            let data = stream::iter([Ok(Frame::data("data".into()))]);
            let frames = data.chain(stream::once(fails));
            head.body(BodyExt::boxed(StreamBody::new(frames)))
        }
        // What hyper leaves to services over HTTP/2: no body in answer to HEAD, but its length.
        "/declared" if request.method() == Method::HEAD => {
            head.header("content-length", "5").body(full(""))
        }
        "/declared" => head.header("content-length", "5").body(fixed()),
        "/no-content" => head.status(204).body(full("")),
        "/not-modified" => head.status(304).header("etag", "\"1\"").body(full("")),
        "/reason" => {
            let reason = ReasonPhrase::from_static(b"Too Hot");
            head.status(418).extension(reason).body(fixed())
        }
        "/old" => head.version(Version::HTTP_10).body(fixed()),
        _ => head.body(request.into_body().map_err(BoxError::from).boxed()),
    };
    Ok(response.unwrap())
}

// ---- What a client sees.

#[tokio::test]
async fn a_client_sees_the_same_bytes_over_http1_with_the_layer_and_without() {
    let (bare, layered) = with_and_without().await;
    for path in PATHS {
        for method in ["GET", "HEAD"] {
            let expected = bytes_of(bare, method, path, "").await;
            assert_eq!(
                bytes_of(layered, method, path, "").await,
                expected,
                "{method} {path}"
            );
        }
    }
    let fails = bytes_of(bare, "GET", "/fails", "").await;
    assert_eq!(bytes_of(layered, "GET", "/fails", "").await, fails);
    let echo = bytes_of(bare, "POST", "/echo", "ping").await;
    assert_eq!(bytes_of(layered, "POST", "/echo", "ping").await, echo);

    // The shapes are what they are meant to be.
    let head = |text: String| text.split_once("\r\n\r\n").unwrap().0.to_owned();
    let fixed = head(bytes_of(layered, "GET", "/fixed", "").await);
    assert!(fixed.contains("\r\ncontent-length: 5"), "{fixed}");
    assert!(
        head(bytes_of(layered, "HEAD", "/fixed", "").await) == fixed,
        "{fixed}"
    );
    let stream = bytes_of(layered, "GET", "/stream", "").await;
    assert!(
        stream.ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        "{stream}"
    );
    let trailers = bytes_of(layered, "GET", "/trailers", "").await;
    assert!(
        trailers.ends_with("\r\n4\r\ndata\r\n0\r\nx-sum: 7\r\n\r\n"),
        "{trailers}"
    );
    assert!(
        fails.ends_with("\r\n4\r\ndata\r\n"),
        "no end of the chunks: {fails}"
    );
    let reason = bytes_of(layered, "GET", "/reason", "").await;
    assert!(reason.starts_with("HTTP/1.1 418 Too Hot\r\n"), "{reason}");
    assert!(echo.ends_with("\r\n\r\nping"), "{echo}");
}

#[tokio::test]
async fn a_client_sees_the_same_frames_over_http2_with_the_layer_and_without() {
    let (bare, layered) = with_and_without().await;
    let requests = PATHS.map(|path| ("GET", path));
    for (method, path) in requests.into_iter().chain([("HEAD", "/declared")]) {
        let expected = frames_of(bare, method, path).await;
        assert_eq!(
            frames_of(layered, method, path).await,
            expected,
            "{method} {path}"
        );
    }

    let fixed = frames_of(layered, "GET", "/fixed").await;
    assert_eq!(fixed.headers["content-length"], "5");
    assert_eq!(
        (fixed.ends_with_head, fixed.data.concat().len()),
        (false, 5)
    );
    let head = frames_of(layered, "HEAD", "/declared").await;
    assert_eq!((head.headers, head.ends_with_head), (fixed.headers, true));
    let trailers = frames_of(layered, "GET", "/trailers").await;
    assert!(!trailers.headers.contains_key("content-length"));
    assert_eq!(trailers.trailers.unwrap()["x-sum"], "7");
    assert!(frames_of(layered, "GET", "/empty").await.ends_with_head);
}

#[tokio::test]
async fn a_service_of_hypers_own_takes_it_by_its_adapter() {
    let (metrics, exposition) = MetricsLayer::pair();
    let service = TowerToHyperService::new(metrics.layer(service_fn(answer)));

    let (client, server) = tokio::io::duplex(1024);
    let server = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(server), service.clone());
    tokio::spawn(server);
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client))
        .await
        .unwrap();
    tokio::spawn(connection);
    let response = client
        .send_request(request("GET", "/stream"))
        .await
        .unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "onetwo"
    );

    let (client, server) = tokio::io::duplex(1024);
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(server), service);
    tokio::spawn(server);
    let io = TokioIo::new(client);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (mut client, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = request("GET", "http://localhost/stream");
    let response = client.send_request(request).await.unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "onetwo"
    );

    let all = settled(&exposition).await.since(&Scrape::default());
    let expected = [
        (
            r#"http_requests_total{method="GET",route="_unmatched",status="200"}"#,
            2.0,
        ),
        (
            r#"http_request_duration_seconds_count{method="GET",route="_unmatched",status="200"}"#,
            2.0,
        ),
    ];
    assert_eq!(all, changes(expected));
}

#[tokio::test]
async fn a_layer_outside_names_the_route() {
    let (metrics, exposition) = MetricsLayer::pair();
    let named = |mut request: Request<Incoming>| {
        request
            .extensions_mut()
            .insert(RouteTemplate::new("/{shape}"));
        request
    };
    let service = ServiceBuilder::new()
        .map_request(named)
        .layer(metrics)
        .service_fn(answer);
    let address = serve_hyper(service).await;
    bytes_of(address, "GET", "/fixed", "").await;
    let scrape = settled(&exposition).await;
    let series = r#"http_requests_total{method="GET",route="/{shape}",status="200"}"#;
    assert_eq!(
        (scrape.get(series), scrape.sum("http_requests_total")),
        (1.0, 1.0)
    );
}

#[tokio::test]
async fn a_timeout_can_sit_outside_in_a_plain_service_builder() {
    let (metrics, exposition) = MetricsLayer::pair();
    let status = StatusCode::REQUEST_TIMEOUT;
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::with_status_code(
            status,
            Duration::from_millis(1),
        ))
        .layer(metrics)
        .service_fn(|_: Request<Incoming>| pending::<Result<Response<Full<Bytes>>, Infallible>>());
    let text = bytes_of(serve_hyper(service).await, "GET", "/", "").await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(text.contains("\r\ncontent-length: 0\r\n"), "{text}");

    let all = settled(&exposition).await.since(&Scrape::default());
    let expected = [
        (
            r#"http_requests_total{method="GET",route="_unmatched",status="499"}"#,
            1.0,
        ),
        (
            r#"http_requests_cancelled_total{method="GET",route="_unmatched",phase="head"}"#,
            1.0,
        ),
        (
            r#"http_request_duration_seconds_count{method="GET",route="_unmatched",status="499"}"#,
            1.0,
        ),
    ];
    assert_eq!(all, changes(expected));
}

// ---- What a caller sees.

#[test]
fn a_response_body_forwards_frames_trailers_errors_size_and_end() {
    let (metrics, _exposition) = MetricsLayer::pair();
    let scripts: [&[Step]; 6] = [
        &[Data, Data, End],
        &[Data, LastData, End],
        &[Data, Trailers, End],
        &[Data, Fail, End],
        &[Data, Panic],
        &[],
    ];
    for script in scripts {
        let layered = respond(&metrics, Response::new(ScriptedBody::new(script)));
        let expected = observe(ScriptedBody::new(script));
        assert_eq!(observe(layered.into_body()), expected, "{script:?}");
    }
    let (full, empty) = (Full::new(Bytes::from("full")), Empty::<Bytes>::new());
    let layered = respond(&metrics, Response::new(full.clone()));
    assert_eq!(observe(layered.into_body()), observe(full));
    let layered = respond(&metrics, Response::new(empty));
    assert_eq!(observe(layered.into_body()), observe(empty));
    // A response that ends with its head keeps the body that it came with.
    let no_content = Response::builder()
        .status(204)
        .body(ScriptedBody::new(&[Data, End]));
    let layered = respond(&metrics, no_content.unwrap());
    assert_eq!(
        observe(layered.into_body()),
        observe(ScriptedBody::new(&[Data, End]))
    );
}

#[test]
fn a_response_keeps_its_head() {
    let (metrics, _exposition) = MetricsLayer::pair();
    let route = RouteTemplate::new("/here");
    let response = Response::builder()
        .status(299)
        .version(Version::HTTP_2)
        .extension(route);
    let response = response
        .header("x-tag", "a")
        .header("x-tag", "b")
        .body(Empty::<Bytes>::new());
    let response = response.unwrap();
    let (expected, _) = response.clone().into_parts();
    let (head, _) = respond(&metrics, response).into_parts();
    assert_eq!(
        (head.status, head.version),
        (expected.status, expected.version)
    );
    assert_eq!(head.headers, expected.headers);
    assert_eq!(head.extensions.get(), Some(&route));
}

#[tokio::test]
async fn the_inner_error_passes_through_as_it_is() {
    #[derive(Debug, PartialEq)]
    struct NoClone(u8);

    let (metrics, _exposition) = MetricsLayer::pair();
    let fails = service_fn(|_: Request<()>| ready(Err::<Response<Empty<Bytes>>, _>(NoClone(7))));
    let error: NoClone = metrics
        .layer(fails)
        .oneshot(Request::default())
        .await
        .unwrap_err();
    assert_eq!(error, NoClone(7));

    let response = Response::new(ScriptedBody::new(&[Fail]));
    let mut body = respond(&metrics, response).into_body();
    let error: &'static str = body.frame().await.unwrap().unwrap_err();
    assert_eq!(error, "scripted error");
}

#[tokio::test]
async fn readiness_passes_through() {
    let (metrics, exposition) = MetricsLayer::pair();
    let answers = [
        Poll::Pending,
        Poll::Ready(Err("broken")),
        Poll::Ready(Ok(())),
    ];
    let mut service = metrics.layer(Readiness(answers.to_vec()));
    let mut cx = Context::from_waker(Waker::noop());
    let polled = [(); 3].map(|()| Service::<Request<()>>::poll_ready(&mut service, &mut cx));
    assert_eq!(
        polled,
        [
            Poll::Ready(Ok(())),
            Poll::Ready(Err("broken")),
            Poll::Pending
        ]
    );
    assert_eq!(Scrape::of(&exposition).await, Scrape::default());
}

#[test]
fn the_wrapped_service_can_be_had_back() {
    let (metrics, _exposition) = MetricsLayer::pair();
    let mut service = metrics.layer(String::from("a"));
    service.get_mut().push('b');
    assert_eq!(service.get_ref(), "ab");
    assert_eq!(service.into_inner(), "ab");
}

#[test]
fn a_default_body_is_empty_and_counts_nothing() {
    let body = ResponseBody::<Full<Bytes>>::default();
    assert_eq!(observe(body), observe(Full::<Bytes>::default()));
}

// ---- Types.

/// Neither `Send` nor `Unpin` nor `Clone`: the layer asks for nothing that the service need not be.
#[tokio::test]
async fn services_of_one_thread_work_too() {
    struct Local {
        _not_send: Rc<()>,
        _not_unpin: PhantomPinned,
    }

    impl Body for Local {
        type Data = Bytes;
        type Error = Rc<str>;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Rc<str>>>> {
            Poll::Ready(None)
        }
    }

    let (metrics, exposition) = MetricsLayer::pair();
    let service = service_fn(|request: Request<Rc<()>>| async move {
        let body = Local {
            _not_send: request.into_body(),
            _not_unpin: PhantomPinned,
        };
        Ok::<_, Rc<str>>(Response::new(body))
    });
    let request = Request::new(Rc::new(()));
    let response = metrics
        .layer(service)
        .oneshot(request)
        .now_or_never()
        .unwrap()
        .unwrap();
    let body = response.into_body().collect().now_or_never().unwrap();
    assert_eq!(body.unwrap().to_bytes(), "");
    assert_eq!(
        Scrape::of(&exposition).await.sum("http_requests_total"),
        1.0
    );
}

// ---- Services and clients.

fn full(text: &'static str) -> BoxBody<Bytes, BoxError> {
    Full::from(text).map_err(BoxError::from).boxed()
}

fn scripted(script: &'static [Step]) -> BoxBody<Bytes, BoxError> {
    ScriptedBody::new(script).map_err(BoxError::from).boxed()
}

fn frames<const N: usize>(frames: [Frame<Bytes>; N]) -> BoxBody<Bytes, BoxError> {
    BodyExt::boxed(StreamBody::new(stream::iter(frames.map(Ok))))
}

/// The addresses of the same service, bare and with the layer.
async fn with_and_without() -> (SocketAddr, SocketAddr) {
    let (metrics, _exposition) = MetricsLayer::pair();
    let bare = serve_hyper(service_fn(answer)).await;
    (bare, serve_hyper(metrics.layer(service_fn(answer))).await)
}

/// A whole response as it comes over HTTP/1.1, without its date.
async fn bytes_of(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nte: trailers\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    in_time(stream.read_to_string(&mut text)).await.unwrap();
    let lines = text
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("date: "));
    lines.collect()
}

/// A whole response as it comes over HTTP/2, without its date.
#[derive(Debug, PartialEq)]
struct Frames {
    status: StatusCode,
    headers: HeaderMap,
    ends_with_head: bool,
    data: Vec<Bytes>,
    trailers: Option<HeaderMap>,
}

async fn frames_of(address: SocketAddr, method: &str, path: &str) -> Frames {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let uri = format!("http://localhost{path}");
    let request = Request::builder().method(method).uri(uri).body(()).unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    let (mut head, mut body) = response.await.unwrap().into_parts();
    head.headers.remove("date");
    let mut frames = Frames {
        status: head.status,
        headers: head.headers,
        ends_with_head: body.is_end_stream(),
        data: Vec::new(),
        trailers: None,
    };
    while let Some(data) = in_time(body.data()).await {
        frames.data.push(data.unwrap());
    }
    frames.trailers = body.trailers().await.unwrap();
    frames
}

/// So that a response without an end fails its test, and does not hang it.
async fn in_time<F: Future>(future: F) -> F::Output {
    let waited = tokio::time::timeout(Duration::from_secs(20), future).await;
    waited.expect("the response ends")
}

/// All that a body says of itself, before each poll and after the last one.
fn observe<B>(mut body: B) -> Vec<String>
where
    B: Body<Data = Bytes, Error: Debug> + Unpin,
{
    let mut seen = Vec::new();
    for _ in 0..4 {
        let hint = body.size_hint();
        seen.push(format!("{:?} {:?}", hint.lower(), hint.upper()));
        seen.push(format!("{:?}", body.is_end_stream()));
        let polled = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
        let polled = polled.map_err(|panic| *panic.downcast::<&'static str>().unwrap());
        let ended = matches!(polled, Err(_) | Ok(None | Some(None)));
        seen.push(format!("{polled:?}"));
        if ended {
            break;
        }
    }
    seen
}

/// Its answers to `poll_ready`, the last one first.
struct Readiness(Vec<Poll<Result<(), &'static str>>>);

impl Service<Request<()>> for Readiness {
    type Response = Response<Empty<Bytes>>;
    type Error = &'static str;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.pop().unwrap()
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("nobody calls it")
    }
}
