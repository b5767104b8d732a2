//! What the larger examples share: a port to listen on, and an end that leaves open requests some time.

use axum::{Router, serve::ListenerExt};
use std::{
    env, error::Error, fmt::Display, future::IntoFuture, io, net::Ipv4Addr, process::ExitCode,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::sleep,
};

/// Says what went wrong as a program does, and not as `Debug` would.
pub(crate) fn exit_code<E: Display>(program: &str, ended: Result<(), E>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Listens on the port that `PORT` says, on this machine alone.
pub(crate) async fn listen(default: u16) -> Result<TcpListener, Box<dyn Error>> {
    let port = port(default)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    Ok(listener.map_err(|e| format!("cannot listen on 127.0.0.1:{port}: {e}"))?)
}

fn port(default: u16) -> Result<u16, String> {
    let Some(port) = env::var_os("PORT") else {
        return Ok(default);
    };
    let number = port.to_str().and_then(|port| port.parse().ok());
    number.ok_or_else(|| format!("PORT is {port:?}, and no number from 0 to 65535"))
}

/// Serves until a signal, and then until open requests have ended, `grace` has passed, or the next signal.
///
/// HTTP/1.1 and, without TLS and from the first byte on, HTTP/2.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    mut signal: impl AsyncFnMut(),
    grace: Duration,
) -> io::Result<()> {
    // A chunk leaves when it is made, and does not wait for the next.
    let listener = listener.tap_io(|stream: &mut TcpStream| {
        stream.set_nodelay(true).ok();
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        stopped.await.ok();
    });
    let end = async {
        signal().await;
        stop.send(()).ok();
        eprintln!("ending; open requests have {grace:?}, or until the next signal");
        tokio::select! {
            () = signal() => {}
            () = sleep(grace) => {}
        }
    };
    tokio::select! {
        served = server.into_future() => served,
        () = end => Ok(()),
    }
}

/// Waits for the next Ctrl-C or SIGTERM. From this call on they are caught.
#[cfg(unix)]
pub(crate) fn signals() -> io::Result<impl AsyncFnMut()> {
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

/// Waits for the next Ctrl-C. From this call on it is caught.
#[cfg(windows)]
pub(crate) fn signals() -> io::Result<impl AsyncFnMut()> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move || {
        interrupt.recv().await;
    })
}
