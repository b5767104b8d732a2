//! Everything there is to ask for, in every way that it can end.

use super::{
    ANSWERED, Case, Client, Demo, ENDLESS_BODY, Ending, Ledger, Metrics, PROXY, Protocol, answer,
    break_off,
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

/// What is asked for by way of `/proxy`, and counted there and at its own route.
const PROXIED: &[Case] = &[
    ("GET", "/users/42", "/users/{id}", 200),
    ("HEAD", "/users/42", "/users/{id}", 200),
    ("POST", "/orders", "/orders", 201),
    ("DELETE", "/orders/7", "/orders/{id}", 405),
    ("GET", "/status/204", "/status/{code}", 204),
    ("GET", "/status/304", "/status/{code}", 304),
    ("GET", "/status/503", "/status/{code}", 503),
    ("HEAD", "/status/503", "/status/{code}", 503),
    ("GET", "/stream?chunks=3&ms=1", "/stream", 200),
    ("HEAD", "/stream", "/stream", 200),
    (
        "GET",
        "/announced?bytes=1000&chunks=3&ms=1",
        "/announced",
        200,
    ),
    ("HEAD", "/announced", "/announced", 200),
    ("GET", "/events?count=3&ms=0", "/events", 200),
    ("GET", "/static/hyper.rs", "/static/{*path}", 200),
    ("HEAD", "/static/hyper.rs", "/static/{*path}", 200),
    ("POST", "/echo", "/echo", 200),
    ("GET", "/nothing/here", "_unmatched", 404),
];

/// What the proxy does not pass on.
const NOT_PROXIED: &[Case] = &[
    ("GET", "/proxy/proxy/users/42", PROXY, 404),
    ("GET", "/proxy/proxy/", PROXY, 404),
    ("GET", "/proxy/", "_unmatched", 404),
];

/// What a header asks for of a file, and the status.
const PARTS: &[(&str, &str, u16)] = &[
    ("range", "bytes=0-0", 206),
    ("range", "bytes=100-", 206),
    ("range", "bytes=-10", 206),
    ("range", "bytes=1000000-", 416),
    ("range", "bytes=0-1,4-5", 416),
    ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT", 304),
];

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
    (
        "GET",
        "/proxy/stream-error?chunks=2&ms=20",
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

/// Longer than any test takes: who gets nothing of it is before the head.
const ENDLESS_HEADS: &[&str] = &["/slow?ms=60000", "/proxy/slow?ms=60000"];

/// What has not ended when its first chunks have come, and what it is to leave it then.
const ENDLESS_BODIES: &[(&str, &str, Ending)] = &[
    (ENDLESS_BODY, "/stream", Ending::LeftInBody),
    (
        "/announced?bytes=10000&chunks=10000&ms=10",
        "/announced",
        Ending::LeftInBody,
    ),
    // That is how it ends.
    ("/events?ms=10", "/events", Ending::Answered(200)),
    (
        "/proxy/stream?chunks=10000&ms=10",
        "/stream",
        Ending::LeftInBody,
    ),
    ("/proxy/events?ms=10", "/events", Ending::Answered(200)),
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
        answer_by_proxy(address, protocol, &mut ledger).await;
        serve_parts(address, protocol, &mut ledger).await;
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

async fn answer_by_proxy(address: SocketAddr, protocol: Protocol, ledger: &mut Ledger) {
    let mut client = Client::connect(address, protocol).await;
    for (method, target, route, status) in PROXIED {
        let target = format!("/proxy{target}");
        client.answer(&(method, &target, "", *status)).await;
        ledger.add_asked(method, &target, route, Ending::Answered(*status));
    }
    ledger.add_cases(answer(address, protocol, NOT_PROXIED).await);
    // What the server that is asked breaks off, the proxy answers for.
    client.answer(&("GET", "/proxy/panic", "", 502)).await;
    ledger.add("GET", "/panic", Ending::Panicked);
    ledger.add("GET", PROXY, Ending::Answered(502));
}

/// A file in parts or not at all, and what is said comes back.
async fn serve_parts(address: SocketAddr, protocol: Protocol, ledger: &mut Ledger) {
    let mut client = Client::connect(address, protocol).await;
    for (header, value, status) in PARTS {
        for target in ["/static/hyper.rs", "/proxy/static/hyper.rs"] {
            let mut request = client.request("GET", target);
            let headers = request.headers_mut();
            headers.insert(*header, value.parse().unwrap());
            let response = client.send_request(request).await.unwrap();
            assert_eq!(response.status(), *status, "{target} {value}");
            response.into_body().collect().await.unwrap();
            ledger.add_asked("GET", target, "/static/{*path}", Ending::Answered(*status));
        }
    }
    for target in ["/echo", "/proxy/echo"] {
        let said = vec![b'.'; 100_000];
        let mut request = client.request("POST", target);
        *request.body_mut() = said.clone().into();
        let response = client.send_request(request).await.unwrap();
        let heard = response.into_body().collect().await.unwrap().to_bytes();
        assert!(heard == said, "{target}: {} bytes", heard.len());
        ledger.add_asked("POST", target, "/echo", Ending::Answered(200));
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
    for (method, target, route, ending) in BROKEN {
        ledger.add_asked(method, target, route, *ending);
    }
    if protocol == Protocol::Http2 {
        clients[0].answer_one_more(ledger).await;
    }
}

async fn leave_in_the_body(address: SocketAddr, protocol: Protocol, ledger: &mut Ledger) {
    for politely in [true, false] {
        let mut clients = Client::several(address, protocol, ENDLESS_BODIES.len()).await;
        let endless = clients.iter_mut().zip(ENDLESS_BODIES);
        let bodies = join_all(endless.map(|(client, (target, ..))| async move {
            let response = client.send("GET", target).await.unwrap();
            assert_eq!(response.status(), 200);
            let mut body = response.into_body();
            for _ in 0..2 {
                body.frame().await.unwrap().unwrap();
            }
            body
        }))
        .await;
        for (target, route, ending) in ENDLESS_BODIES {
            ledger.add_asked("GET", target, route, *ending);
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
        let ways = [
            ("GET", true),
            ("GET", false),
            ("HEAD", true),
            ("HEAD", false),
        ];
        let ways = ENDLESS_HEADS
            .iter()
            .flat_map(|it| ways.map(|way| (it, way)));
        for (&target, (method, politely)) in ways {
            let mut clients = Client::several(address, Protocol::Http1, 4).await;
            clients.extend(Client::several(address, Protocol::Http2, 5).await);
            let mut stays = clients.pop().unwrap();
            let sockets: Vec<_> = clients.iter().map(|it| Arc::clone(&it.socket)).collect();
            let requests: Vec<_> = clients
                .into_iter()
                .map(|mut it| tokio::spawn(async move { it.send(method, target).await }))
                .collect();
            metrics.until_slow(method, requests.len()).await;
            for _ in &requests {
                ledger.add_asked(method, target, "/slow", Ending::LeftInHead);
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
