//! Connections to the service, of which each frame is in the hands of whoever asks.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{convert::Infallible, error::Error, net::SocketAddr};
use tokio::{net::TcpStream, task::JoinHandle};

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

/// Closed at once when it is dropped, whatever is under way.
pub(crate) struct Connection<S> {
    pub(crate) sender: S,
    task: JoinHandle<()>,
}

pub(crate) type Http1 = Connection<http1::SendRequest<Body>>;
pub(crate) type Http2 = Connection<http2::SendRequest<Body>>;

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(address: SocketAddr) -> Result<TokioIo<TcpStream>, AnyError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(stream))
}

pub(crate) async fn http1(address: SocketAddr) -> Result<Http1, AnyError> {
    let (sender, connection) = http1::handshake(connect(address).await?).await?;
    let task = tokio::spawn(async move {
        // How a connection ends is for its requests to see.
        let _ = connection.await;
    });
    Ok(Connection { sender, task })
}

pub(crate) async fn http2(address: SocketAddr) -> Result<Http2, AnyError> {
    let stream = connect(address).await?;
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(Connection { sender, task })
}

/// A response and the connection of its own that it comes by.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<(Response<Incoming>, Http1), AnyError> {
    let mut request = Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut connection = http1(address).await?;
    let request = request.body(Empty::new().boxed_unsync())?;
    let response = connection.sender.send_request(request).await?;
    match response.status().is_success() {
        true => Ok((response, connection)),
        false => Err(format!("{path}: {}", response.status()).into()),
    }
}

pub(crate) async fn text(address: SocketAddr, path: &str) -> Result<String, AnyError> {
    let (response, _connection) = get(address, path, &[]).await?;
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.into())?)
}
