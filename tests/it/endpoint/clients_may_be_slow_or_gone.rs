//! Who reads slowly or hangs up is nobody else's trouble.

use super::{ENCODINGS, decode, exposition, served_compressed};
use crate::support::{self, CLASSIC, Scrape, http1, request, text};
use http::StatusCode;
use http_body_util::BodyExt;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// Sends a request, and leaves the reading to the caller, who has a small window.
async fn ask(address: SocketAddr, encoding: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = format!(
        "GET /metrics HTTP/1.1\r\nhost: localhost\r\naccept-encoding: {encoding}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// A body without the marks of its chunks.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let end = body.windows(2).position(|end| end == b"\r\n").unwrap();
        let length = std::str::from_utf8(&body[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return bytes;
        }
        let start = end + 2;
        bytes.extend_from_slice(&body[start..start + length]);
        body = &body[start + length + 2..];
    }
}

#[tokio::test]
async fn who_reads_byte_by_byte_keeps_nobody_waiting_and_gets_it_all() {
    let exposition = exposition(1_000).await;
    let expected = text(&exposition, CLASSIC).await;
    let address = served_compressed(exposition).await;
    for encoding in ENCODINGS {
        let mut slow = ask(address, encoding).await;
        let mut read = Vec::new();
        for _ in 0..3 {
            for _ in 0..10 {
                read.push(slow.read_u8().await.unwrap());
            }
            let mut sender = http1(address).await;
            let response = sender.send_request(request("GET", "/metrics"));
            let body = response.await.unwrap().into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes().len(), expected.len());
        }
        slow.read_to_end(&mut read).await.unwrap();
        let end = read.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let body = unchunked(&read[end..]);
        assert!(decode(encoding, &body).await == expected, "{encoding}");
    }
}

#[tokio::test]
async fn who_hangs_up_leaves_nothing_behind() {
    let exposition = exposition(1_000).await.instrumented();
    let address = served_compressed(exposition.clone()).await;
    for encoding in ENCODINGS {
        for n in 0..12 {
            let mut stream = ask(address, encoding).await;
            // Before the head, in it, or in the body.
            let mut some = vec![0; n % 3 * 100 * n];
            let _ = stream.read_exact(&mut some).await;
            drop(stream);
        }
    }
    // Each that was sent is counted, beside those that ask for it.
    let asked = AtomicUsize::new(0);
    let all_ended = || async {
        let scrape = Scrape::of(&exposition).await;
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        scrape.sum("exposition_scrapes_total") as usize - asked == 12 * ENCODINGS.len()
    };
    support::until("all scrapes ended", all_ended).await;
    let mut sender = http1(address).await;
    let response = sender
        .send_request(request("GET", "/metrics"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let scrape = Scrape::parse(std::str::from_utf8(&body).unwrap());
    assert_eq!(scrape.sum("http_requests_total"), 1_000.0);
}
