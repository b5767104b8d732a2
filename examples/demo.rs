//! A small shop with good and bad routes, to see what `tower-red` makes of them.
//!
//! `cargo run --example demo`, then what it says. `PORT` sets the port: 3000 by default, 0 for a free one.
//! `NAMING` sets how metrics are called: `prometheus`, `opentelemetry` or `axum-prometheus`.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, Request},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible, env, error::Error, future::IntoFuture, io, net::Ipv4Addr,
    process::ExitCode, time::Duration,
};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};
use tokio_stream::{Stream, StreamExt};
use tower::service_fn;
use tower_red::{BuildError, MetricsLayer, Naming, NativeHistogram};

/// How long open requests may hold up the end.
const GRACE: Duration = Duration::from_secs(5);

fn app(help: String, naming: Naming) -> Result<Router, BuildError> {
    // By default, `MetricsLayer::pair()` is all it takes.
    let (metrics, exposition) = MetricsLayer::builder()
        .naming(naming)
        .native_histogram(NativeHistogram::default())
        .pair()?;

    let shop = Router::new().route("/items/{item}", get(show_item));
    Ok(Router::new()
        .route("/", get(|| async { help }))
        .route("/users/{id}", get(show_user))
        .route("/orders", post(create_order))
        .route("/orders/{id}", get(show_order))
        // A nested router's routes have their whole template: `/shop/items/{item}`.
        .nest("/shop", shop)
        // Paths below a mounted service have none: they are `_unmatched`, unless a `RouteTemplate` says it.
        .nest_service("/files", service_fn(serve_file))
        .route("/status/{code}", get(answer_with))
        .route("/slow", get(slow))
        .route("/stream", get(stream))
        .route("/stream-error", get(stream_error))
        .route("/panic", get(panic))
        .route("/empty", get(|| async {}))
        // Last, and so outermost: it sees what clients see, also what matches no route.
        .layer(metrics)
        // After the layer, and so not counted itself.
        .route_service("/metrics", exposition.instrumented()))
}

#[derive(Serialize)]
struct User {
    id: String,
    name: &'static str,
}

async fn show_user(Path(id): Path<String>) -> Json<User> {
    Json(User { id, name: "Ada" })
}

async fn create_order() -> (StatusCode, &'static str) {
    (StatusCode::CREATED, "ordered\n")
}

async fn show_order(Path(id): Path<String>) -> Result<String, StatusCode> {
    let id: u64 = id.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    Ok(format!("order {id}\n"))
}

async fn show_item(Path(item): Path<String>) -> String {
    format!("one {item}\n")
}

async fn serve_file(request: Request) -> Result<Response, Infallible> {
    // axum sees to this for handlers, not for services: over HTTP/2 a body would break the answer.
    if request.method() == Method::HEAD {
        return Ok(Response::default());
    }
    // The path as the service sees it: what it is mounted on was taken off.
    Ok(format!("contents of {}\n", request.uri().path()).into_response())
}

async fn answer_with(Path(code): Path<u16>) -> Response {
    let status = StatusCode::from_u16(code).ok();
    match status.filter(|_| (200..=599).contains(&code)) {
        // These have no body, and HTTP/2 would send the one that they are given.
        Some(status) if matches!(code, 204 | 205 | 304) => status.into_response(),
        Some(status) => (status, format!("{status}\n")).into_response(),
        None => (StatusCode::BAD_REQUEST, "from 200 to 599\n").into_response(),
    }
}

#[derive(Deserialize)]
struct Size {
    chunks: Option<u32>,
    ms: Option<u64>,
}

impl Size {
    /// All of them bounded, so that a number too many does not keep a connection for years.
    fn chunks(&self) -> u32 {
        self.chunks.unwrap_or(5).min(10_000)
    }

    fn pause(&self, default: u64) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(default).min(60_000))
    }
}

async fn slow(Query(size): Query<Size>) -> &'static str {
    sleep(size.pause(1_000)).await;
    "at last\n"
}

async fn stream(Query(size): Query<Size>) -> Body {
    let numbers = numbers(size.chunks(), size.pause(200));
    Body::from_stream(numbers.map(|n| Ok::<_, Infallible>(chunk(n))))
}

async fn stream_error(Query(size): Query<Size>) -> Body {
    let last = size.chunks();
    let numbers = numbers(last + 1, size.pause(200));
    Body::from_stream(numbers.map(move |n| match n {
        n if n < last => Ok(chunk(n)),
        _ => Err("the database is gone"),
    }))
}

fn chunk(n: u32) -> String {
    format!("chunk {n}\n")
}

/// From 0 up, with a pause between them.
fn numbers(count: u32, pause: Duration) -> impl Stream<Item = u32> {
    tokio_stream::iter(0..count).then(move |n| async move {
        if n > 0 && !pause.is_zero() {
            sleep(pause).await;
        }
        n
    })
}

/// Nothing catches it, as in most applications: the server closes the connection, or the HTTP/2 stream.
async fn panic() {
    panic!("as asked for");
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let port = port()?;
    let naming = env::var("NAMING").map_or(Ok(Naming::default()), |name| name.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|e| format!("cannot listen on 127.0.0.1:{port}: {e}"))?;
    let base = format!("http://{}", listener.local_addr()?);
    // A chunk leaves when it is made, and does not wait for the next.
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    // From here on they are caught: who reads the first line may send one.
    let mut signal = signals()?;

    let help = help(&base);
    let app = app(help.clone(), naming)?;
    println!("listening on {base}\n\n{help}");

    let (stop, stopped) = oneshot::channel::<()>();
    // HTTP/1.1 and, without TLS and from the first byte on, HTTP/2.
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        stopped.await.ok();
    });
    let end = async {
        signal().await;
        stop.send(()).ok();
        eprintln!("ending; open requests have {GRACE:?}, or until the next signal");
        tokio::select! {
            () = signal() => {}
            () = sleep(GRACE) => {}
        }
    };
    tokio::select! {
        served = server.into_future() => served?,
        () = end => {}
    }
    Ok(())
}

fn port() -> Result<u16, String> {
    let Some(port) = env::var_os("PORT") else {
        return Ok(3000);
    };
    let number = port.to_str().and_then(|port| port.parse().ok());
    number.ok_or_else(|| format!("PORT is {port:?}, and no number from 0 to 65535"))
}

/// Waits for the next Ctrl-C or SIGTERM.
#[cfg(unix)]
fn signals() -> io::Result<impl AsyncFnMut()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for the next Ctrl-C.
#[cfg(windows)]
fn signals() -> io::Result<impl AsyncFnMut()> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move || {
        interrupt.recv().await;
    })
}

fn help(base: &str) -> String {
    format!(
        "\
What to try:
  a user                      curl {base}/users/42
  an order                    curl -i -X POST {base}/orders
  a 404 that a route made     curl -i {base}/orders/abc
  a 404 of no route           curl -i {base}/nothing/here
  a nested router             curl {base}/shop/items/tea
  a mounted service           curl {base}/files/a/b.txt
  an error                    curl -i {base}/status/503
  a head without a body       curl -I {base}/stream
  to leave before the head    curl -m 1 '{base}/slow?ms=5000'
  to leave in the body        curl -N -m 1 '{base}/stream?chunks=50&ms=100'
  a body that fails           curl -N '{base}/stream-error?chunks=3'
  a panic                     curl {base}/panic
  nothing at all              curl -i {base}/empty
  the same over HTTP/2        curl --http2-prior-knowledge {base}/users/42

And what became of it all:
  as classic text             curl {base}/metrics
  as OpenMetrics              curl -H 'accept: application/openmetrics-text' {base}/metrics
"
    )
}
