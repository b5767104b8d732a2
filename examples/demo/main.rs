//! A small shop with good and bad routes, to see what `tower-red` makes of them.
//!
//! `cargo run --example demo`, then what it says. `PORT` sets the port: 3000 by default, 0 for a free one.
//! `NAMING` sets how metrics are called: `prometheus`, `opentelemetry` or `axum-prometheus`.

mod proxy;
#[path = "../shared/mod.rs"]
mod shared;
mod shop;
mod streams;

use axum::{
    Router,
    http::uri::Authority,
    routing::{get, post},
};
use std::{env, error::Error, process::ExitCode, time::Duration};
use tower::{Layer, service_fn};
use tower_http::{CompressionLevel, compression::CompressionLayer, services::ServeDir};
use tower_red::{BuildError, MetricsLayer, Naming, NativeHistogram};

/// How long open requests may hold up the end.
const GRACE: Duration = Duration::from_secs(5);

/// What `/static` serves: the sources of this and the other examples.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

fn app(address: Authority, help: String, naming: Naming) -> Result<Router, BuildError> {
    // By default, `MetricsLayer::pair()` is all it takes.
    let (metrics, exposition) = MetricsLayer::builder()
        .naming(naming)
        .native_histogram(NativeHistogram::default())
        .pair()?;

    let shop = Router::new().route("/items/{item}", get(shop::show_item));
    // Of a folder without an index: nothing to redirect to.
    let files = ServeDir::new(FILES).append_index_html_on_directories(false);
    let files = Router::new().route_service("/{*path}", files);
    #[cfg(feature = "page")]
    let page = exposition.page();
    // Expositions repeat themselves, so that the fastest level finds nearly all of it.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let endpoint = compression.layer(exposition.instrumented());
    let app = Router::new()
        .route("/", get(|| async { help }))
        .route("/users/{id}", get(shop::show_user))
        .route("/orders", post(shop::create_order))
        .route("/orders/{id}", get(shop::show_order))
        // A nested router's routes have their whole template: `/shop/items/{item}`, `/static/{*path}`.
        .nest("/shop", shop)
        .nest("/static", files)
        // Paths below a mounted service have none: they are `_unmatched`, unless a `RouteTemplate` says it.
        .nest_service("/files", service_fn(shop::serve_file))
        .route("/status/{code}", get(shop::answer_with))
        .route("/slow", get(streams::slow))
        .route("/stream", get(streams::stream))
        .route("/stream-error", get(streams::stream_error))
        .route("/announced", get(streams::announced))
        .route("/events", get(streams::events))
        .route("/echo", post(streams::echo))
        .route("/proxy/{*path}", proxy::to(address))
        .route("/panic", get(shop::panic))
        .route("/empty", get(|| async {}))
        // Last, and so outermost: it sees what clients see, also what matches no route.
        .layer(metrics)
        // After the layer, and so not counted itself.
        .route_service("/metrics", endpoint);
    #[cfg(feature = "page")]
    let app = app.route_service("/red", page);
    Ok(app)
}

#[tokio::main]
async fn main() -> ExitCode {
    shared::exit_code("demo", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let naming = env::var("NAMING").map_or(Ok(Naming::default()), |name| name.parse())?;
    let listener = shared::listen(3000).await?;
    let address = listener.local_addr()?.to_string();
    // Before the first line: who reads that may send one.
    let signals = shared::signals()?;

    let help = help(&format!("http://{address}"));
    let app = app(address.parse()?, help.clone(), naming)?;
    println!("listening on http://{address}\n\n{help}");
    Ok(shared::serve(listener, app, signals, GRACE).await?)
}

fn help(base: &str) -> String {
    let page = match cfg!(feature = "page") {
        true => format!("  in a browser                {base}/red\n"),
        false => String::new(),
    };
    format!(
        "\
What to try:
  a user                      curl {base}/users/42
  an order                    curl -i -X POST {base}/orders
  a 404 that a route made     curl -i {base}/orders/abc
  a 404 of no route           curl -i {base}/nothing/here
  a nested router             curl {base}/shop/items/tea
  a mounted service           curl {base}/files/a/b.txt
  a file                      curl {base}/static/hyper.rs
  a part of it                curl -i -r 0-99 {base}/static/hyper.rs
  an error                    curl -i {base}/status/503
  a head without a body       curl -I {base}/stream
  to leave before the head    curl -m 1 '{base}/slow?ms=5000'
  to leave in the body        curl -N -m 1 '{base}/stream?chunks=50&ms=100'
  a length that is announced  curl -i '{base}/announced?bytes=300&chunks=3'
  events, to leave at will    curl -N '{base}/events?ms=500'
  events that end             curl -N '{base}/events?count=3'
  the same by a proxy         curl -i {base}/proxy/users/42
  to hear what one says       curl -d hello {base}/echo
  a body that fails           curl -N '{base}/stream-error?chunks=3'
  a panic                     curl {base}/panic
  nothing at all              curl -i {base}/empty
  the same over HTTP/2        curl --http2-prior-knowledge {base}/users/42

And what became of it all:
{page}  as classic text             curl {base}/metrics
  as OpenMetrics              curl -H 'accept: application/openmetrics-text' {base}/metrics
"
    )
}
