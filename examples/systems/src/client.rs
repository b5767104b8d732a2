use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends a request, `GET /users/7`, over a connection of its own. Returns the response's status and its whole body.
///
/// # Errors
///
/// If the connection fails, or if what comes back is no response.
pub async fn send(address: SocketAddr, request: &str, body: &str) -> io::Result<(u16, String)> {
    send_with(address, request, "", body).await
}

/// The same with more headers, each ended by `\r\n`.
///
/// # Errors
///
/// As [`send`].
pub async fn send_with(
    address: SocketAddr,
    request: &str,
    headers: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    // HTTP/1.0 has no chunks: the body is what comes until the end.
    let text = format!(
        "{request} HTTP/1.0\r\nhost: localhost\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    parse(&response).ok_or_else(|| io::Error::other(format!("no response: {response:?}")))
}

fn parse(response: &str) -> Option<(u16, String)> {
    let (head, body) = response.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
