//! Everything there is to ask for, in every way that it can end.

use super::{
    ANSWERED, Case, Client, Demo, ENDLESS_BODY, ENDLESS_HEAD, Ending, Ledger, Metrics, Protocol,
    answer, break_off,
};
use crate::support::{changes, until};
use futures_util::future::join_all;
use http_body_util::BodyExt;
use std::{
    env,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Methods that nobody knows, which count as one.
const ODD: &[Case] = &[
    ("BREW", "/", "/", 405),
    ("get", "/users/42", "/users/{id}", 405),
    ("PROPFIND", "/files/x", "_unmatched", 200),
    ("M-SEARCH", "/nothing/here", "_unmatched", 404),
];

const SLOW: &[Case] = &[
    ("GET", "/slow?ms=1", "/slow", 200),
    ("GET", "/slow?ms=soon", "/slow", 400),
    ("POST", "/slow", "/slow", 405),
];

/// What is asked for and breaks, and the label that says so.
const BROKEN: &[(&str, &str, &str, Ending)] = &[
    (
        "GET",
        "/stream-error?chunks=0",
        "/stream-error",
        Ending::BodyFailed,
    ),
    (
        "GET",
        "/stream-error?chunks=3&ms=0",
        "/stream-error",
        Ending::BodyFailed,
    ),
    (
        "GET",
        "/stream-error?chunks=2&ms=1",
        "/stream-error",
        Ending::BodyFailed,
    ),
    ("GET", "/panic", "/panic", Ending::Panicked),
    ("HEAD", "/panic", "/panic", Ending::Panicked),
];

/// What no client library sends: bytes, the answers' status lines, and what is counted.
const RAW: &[(&str, &[&str], &[Case])] = &[
    (
        "GET /users/1 HTTP/1.0\r\n\r\n",
        &["HTTP/1.0 200"],
        &[("GET", "", "/users/{id}", 200)],
    ),
    (
        "GET http://evil.example/users/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        &["HTTP/1.1 200"],
        &[("GET", "", "/users/{id}", 200)],
    ),
    (
        "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        &["HTTP/1.1 404"],
        &[("OPTIONS", "", "_unmatched", 404)],
    ),
    (
        "CONNECT localhost:80 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        &["HTTP/1.1 404"],
        &[("CONNECT", "", "_unmatched", 404)],
    ),
    // Two at once.
    (
        "GET /empty HTTP/1.1\r\nhost: x\r\n\r\nHEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        &["HTTP/1.1 200", "HTTP/1.1 200"],
        &[("GET", "", "/empty", 200), ("HEAD", "", "/", 200)],
    ),
    // No requests: the server answers them by itself, and never asks the application.
    ("GARBAGE\r\n\r\n", &["HTTP/1.1 400"], &[]),
    (
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        &["HTTP/1.1 400"],
        &[],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_counted_exactly_once() {
    let seconds = env::var("DEMO_SECONDS").map_or(1.5, |seconds| seconds.parse().unwrap());
    let demo = Demo::start();
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(seconds);

    let (one, two) = (Protocol::Http1, Protocol::Http2);
    let workers = [one, two, one, two].map(|it| tokio::spawn(work(demo.address, it, end)));
    let mut ledger = leave_in_the_head(demo.address, end).await;
    for worker in workers {
        ledger.add_all(&worker.await.unwrap());
    }

    let metrics = Metrics::of(demo.address).await;
    let idle = || async { metrics.scrape().await.sum("http_requests_in_flight") == 0.0 };
    until("no request in flight", idle).await;
    let scrape = metrics.scrape().await;
    ledger.print_beside(&scrape, started.elapsed());

    let mut counted = scrape;
    counted.0.retain(|series, _| {
        let name = series.split('{').next().unwrap();
        !["_bucket", "_sum", "_in_flight"]
            .iter()
            .any(|end| name.ends_with(end))
    });
    // The difference first: nobody wants to look for it in two lists of everything.
    assert_eq!(counted.since(&ledger.0), changes([]), "counted, not sent");
    assert_eq!(ledger.0.since(&counted), changes([]), "sent, not counted");
    assert_eq!(counted, ledger.0);
    assert_eq!(demo.kill_and_count_panics(), ledger.panics());
}

/// All there is to ask for, again and again.
async fn work(address: SocketAddr, protocol: Protocol, end: Instant) -> Ledger {
    let mut ledger = Ledger::default();
    loop {
        for _ in 0..10 {
            ledger.add_cases(answer(address, protocol, ANSWERED).await);
        }
        for (_, _, route, status) in answer(address, protocol, ODD).await {
            ledger.add("_OTHER", route, Ending::Answered(*status));
        }
        break_down(address, protocol, &mut ledger).await;
        leave_in_the_body(address, protocol, &mut ledger).await;
        if protocol == Protocol::Http1 {
            send_raw(address, &mut ledger).await;
        }
        if Instant::now() >= end {
            return ledger;
        }
    }
}

async fn break_down(address: SocketAddr, protocol: Protocol, ledger: &mut Ledger) {
    let mut clients = Client::several(address, protocol, BROKEN.len()).await;
    let broken = clients.iter_mut().zip(BROKEN);
    join_all(broken.map(|(client, (method, target, ..))| async move {
        // Whether the head still gets through is up to the server.
        if let Ok(response) = client.send(method, target).await {
            let body = response.into_body().collect().await;
            assert!(body.is_err(), "{method} {target}");
        }
    }))
    .await;
    for (method, _, route, ending) in BROKEN {
        ledger.add(method, route, *ending);
    }
    if protocol == Protocol::Http2 {
        clients[0].answer_one_more(ledger).await;
    }
}

async fn leave_in_the_body(address: SocketAddr, protocol: Protocol, ledger: &mut Ledger) {
    for politely in [true, false] {
        let mut clients = Client::several(address, protocol, 3).await;
        let bodies = join_all(clients.iter_mut().map(|client| async move {
            let response = client.send("GET", ENDLESS_BODY).await.unwrap();
            assert_eq!(response.status(), 200);
            let mut body = response.into_body();
            for _ in 0..2 {
                body.frame().await.unwrap().unwrap();
            }
            body
        }))
        .await;
        for _ in &bodies {
            ledger.add("GET", "/stream", Ending::LeftInBody);
        }
        // Politely, HTTP/1.1 closes the connection too.
        if !politely {
            clients.iter().for_each(|client| break_off(&client.socket));
        } else if protocol == Protocol::Http2 {
            // A RST_STREAM each: the connection goes on.
            drop(bodies);
            clients[0].answer_one_more(ledger).await;
        }
    }
}

/// The only one that asks for `/slow`: the gauge says when its requests have arrived.
async fn leave_in_the_head(address: SocketAddr, end: Instant) -> Ledger {
    let metrics = Metrics::of(address).await;
    let mut ledger = Ledger::default();
    loop {
        for protocol in [Protocol::Http1, Protocol::Http2] {
            ledger.add_cases(answer(address, protocol, SLOW).await);
        }
        for (method, politely) in [
            ("GET", true),
            ("GET", false),
            ("HEAD", true),
            ("HEAD", false),
        ] {
            let mut clients = Client::several(address, Protocol::Http1, 4).await;
            clients.extend(Client::several(address, Protocol::Http2, 5).await);
            let mut stays = clients.pop().unwrap();
            let sockets: Vec<_> = clients.iter().map(|it| Arc::clone(&it.socket)).collect();
            let requests: Vec<_> = clients
                .into_iter()
                .map(|mut it| tokio::spawn(async move { it.send(method, ENDLESS_HEAD).await }))
                .collect();
            metrics.until_slow(method, requests.len()).await;
            for _ in &requests {
                ledger.add(method, "/slow", Ending::LeftInHead);
            }
            if politely {
                requests.iter().for_each(|request| request.abort());
                stays.answer_one_more(&mut ledger).await;
            } else {
                sockets.iter().for_each(|socket| break_off(socket));
            }
            metrics.until_slow(method, 0).await;
        }
        if Instant::now() >= end {
            return ledger;
        }
    }
}

async fn send_raw(address: SocketAddr, ledger: &mut Ledger) {
    for (bytes, expected, cases) in RAW {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let heads = answer.lines().filter(|line| line.starts_with("HTTP/"));
        let heads: Vec<_> = heads.map(|line| &line[..12]).collect();
        assert_eq!(heads, *expected, "{bytes:?}");
        ledger.add_cases(cases);
    }
}
