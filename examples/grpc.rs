//! gRPC and its metrics on one port: the standard health service by tonic, on an axum router.
//!
//! `cargo run --example grpc`, then call `grpc.health.v1.Health` and `curl` what it says. `PORT` sets the
//! port: 50051 by default, 0 for a free one; `NAMING` how metrics are called, such as `opentelemetry`.

use axum::{Router, serve::ListenerExt};
use std::{
    env, error::Error, future::IntoFuture, io, net::Ipv4Addr, process::ExitCode, time::Duration,
};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::health_reporter};
use tower_red::{BuildError, MetricsLayer, Naming};

/// How long open calls may hold up the end: `Watch` has none of its own.
const GRACE: Duration = Duration::from_secs(1);

fn app(calls: Routes, naming: Naming) -> Result<Router, BuildError> {
    let (metrics, exposition) = MetricsLayer::builder()
        .naming(naming)
        // A method is a route once a call to it was OK. Until then it is `_OTHER` of this service, and not
        // `_unmatched` as it would be without this line: clients invent methods.
        .grpc_service("grpc.health.v1.Health")
        // A stream that only its clients end is never OK, so that somebody has to say that it is there.
        .routes(["/grpc.health.v1.Health/Watch"])
        .pair()?;

    Ok(calls
        .into_axum_router()
        // Pages of your own go here, beside the calls: `.route("/", get(home))`.
        // Last, and so outermost: it sees what clients see, also calls that no service takes.
        .layer(metrics)
        // After the layer, and so not counted itself.
        .route_service("/metrics", exposition.instrumented()))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("grpc: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (reporter, health) = health_reporter();
    reporter
        .set_service_status("shop.Orders", ServingStatus::Serving)
        .await;

    let port = port()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|e| format!("cannot listen on 127.0.0.1:{port}: {e}"))?;
    let base = format!("http://{}", listener.local_addr()?);
    // A message leaves when it is made, and does not wait for the next.
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    let naming = env::var("NAMING").map_or(Ok(Naming::default()), |name| name.parse())?;
    let app = app(Routes::new(health), naming)?;
    // From here on they are caught: who reads the first line may send one.
    let signal = signal()?;

    println!("listening on {base}\n\nwhat became of the calls: curl {base}/metrics");

    // HTTP/2 and HTTP/1.1: gRPC is the one, and who scrapes may use the other.
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        stopped.await.ok();
    });
    let end = async {
        signal.await;
        stop.send(()).ok();
        sleep(GRACE).await;
    };
    tokio::select! {
        served = server.into_future() => served?,
        () = end => {}
    }
    Ok(())
}

fn port() -> Result<u16, String> {
    let Some(port) = env::var_os("PORT") else {
        return Ok(50051);
    };
    let number = port.to_str().and_then(|port| port.parse().ok());
    number.ok_or_else(|| format!("PORT is {port:?}, and no number from 0 to 65535"))
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
fn signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(windows)]
fn signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
