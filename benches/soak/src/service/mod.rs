//! The service that is soaked, with the layer and the options as a demanding user has them.

mod admin;
mod app;
mod bodies;
mod calls;
mod layers;
mod query;
mod shop;
mod witness;

use self::{layers::Layers, witness::Counts};
use crate::client::AnyError;
use axum::{Router, serve::ListenerExt};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt, stdin},
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Serves until the other end of its standard input is gone.
#[tokio::main]
pub(crate) async fn run() -> Result<bool, AnyError> {
    // Signals to the group reach this process too, which has to stay for the last scrape.
    let _ignored = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    let counts = Arc::new(Counts::default());
    let layers = Layers::new()?;
    let public = serve(app::router(&layers, &counts)).await?;
    let admin = serve(admin::router(layers, counts)).await?;
    println!("{public} {admin}");
    stdin().read_to_end(&mut Vec::new()).await?;
    Ok(true)
}

/// Serves a router on a free port. Returns its address.
async fn serve(router: Router) -> Result<SocketAddr, io::Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        // A response that comes later is none that failed.
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
