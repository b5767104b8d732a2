//! The demo, as a process of its own under real traffic: what it counted is what was sent.
//!
//! For a minute of traffic:
//! `cargo build --example demo && DEMO_SECONDS=60 cargo test --test it demo:: -- --nocapture`.

mod it_counts_what_was_sent;
mod it_says_starts_and_ends_as_told;

use crate::support::{self, Body, Scrape, example::Example, request, until};
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    net::{Shutdown, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpStream;

/// Method, target, route, status: what is sent, and what becomes of it.
type Case = (&'static str, &'static str, &'static str, u16);

/// All but `/slow`, which `leave_in_the_head` has for itself.
const ANSWERED: &[Case] = &[
    ("GET", "/", "/", 200),
    ("HEAD", "/", "/", 200),
    ("POST", "/", "/", 405),
    ("GET", "/?any=query", "/", 200),
    ("GET", "/users/42", "/users/{id}", 200),
    ("GET", "/users/a%2Fb", "/users/{id}", 200),
    ("HEAD", "/users/42", "/users/{id}", 200),
    ("PUT", "/users/42", "/users/{id}", 405),
    ("POST", "/orders", "/orders", 201),
    ("GET", "/orders", "/orders", 405),
    ("GET", "/orders/7", "/orders/{id}", 200),
    ("GET", "/orders/seven", "/orders/{id}", 404),
    ("HEAD", "/orders/seven", "/orders/{id}", 404),
    ("DELETE", "/orders/7", "/orders/{id}", 405),
    ("GET", "/shop/items/tea", "/shop/items/{item}", 200),
    ("HEAD", "/shop/items/tea", "/shop/items/{item}", 200),
    ("PATCH", "/shop/items/tea", "/shop/items/{item}", 405),
    ("GET", "/files/a/b.txt", "_unmatched", 200),
    ("HEAD", "/files/a/b.txt", "_unmatched", 200),
    ("DELETE", "/files/a/b.txt", "_unmatched", 200),
    // axum makes two routes of its own for the mount itself.
    ("GET", "/files", "/files", 200),
    ("GET", "/files/", "/files/", 200),
    ("GET", "/status/200", "/status/{code}", 200),
    ("GET", "/status/204", "/status/{code}", 204),
    ("GET", "/status/205", "/status/{code}", 205),
    ("GET", "/status/304", "/status/{code}", 304),
    ("GET", "/status/404", "/status/{code}", 404),
    ("GET", "/status/500", "/status/{code}", 500),
    ("GET", "/status/503", "/status/{code}", 503),
    ("GET", "/status/599", "/status/{code}", 599),
    ("HEAD", "/status/503", "/status/{code}", 503),
    ("GET", "/status/199", "/status/{code}", 400),
    ("GET", "/status/600", "/status/{code}", 400),
    ("GET", "/status/70000", "/status/{code}", 400),
    ("GET", "/status/teapot", "/status/{code}", 400),
    ("GET", "/stream?chunks=3&ms=0", "/stream", 200),
    ("GET", "/stream?chunks=3&ms=1", "/stream", 200),
    ("GET", "/stream?chunks=0", "/stream", 200),
    ("GET", "/stream?chunks=many", "/stream", 400),
    ("HEAD", "/stream", "/stream", 200),
    ("HEAD", "/stream-error", "/stream-error", 200),
    ("GET", "/static/hyper.rs", "/static/{*path}", 200),
    ("HEAD", "/static/hyper.rs", "/static/{*path}", 200),
    ("GET", "/static/demo/main.rs", "/static/{*path}", 200),
    ("GET", "/static/demo", "/static/{*path}", 404),
    ("GET", "/static/%2e%2e/Cargo.toml", "/static/{*path}", 404),
    ("POST", "/static/hyper.rs", "/static/{*path}", 405),
    ("GET", "/static/", "_unmatched", 404),
    ("GET", "/announced?bytes=1000&chunks=3", "/announced", 200),
    ("GET", "/announced?bytes=2&chunks=3&ms=1", "/announced", 200),
    ("GET", "/announced?bytes=0", "/announced", 200),
    ("GET", "/announced?chunks=0", "/announced", 200),
    ("HEAD", "/announced", "/announced", 200),
    ("GET", "/announced?bytes=-1", "/announced", 400),
    ("GET", "/events?count=3&ms=0", "/events", 200),
    ("GET", "/events?count=0", "/events", 200),
    ("HEAD", "/events", "/events", 200),
    ("POST", "/echo", "/echo", 200),
    ("GET", "/echo", "/echo", 405),
    ("GET", "/empty", "/empty", 200),
    ("HEAD", "/empty", "/empty", 200),
    ("OPTIONS", "/empty", "/empty", 405),
    ("GET", "/nothing/here", "_unmatched", 404),
    ("HEAD", "/wp-login.php", "_unmatched", 404),
    ("GET", "/users/", "_unmatched", 404),
    ("GET", "/users/42/", "_unmatched", 404),
    ("GET", "/shop", "_unmatched", 404),
    ("GET", "/shop/items/", "_unmatched", 404),
    ("TRACE", "/_unmatched", "_unmatched", 404),
    ("QUERY", "/users/{id}/x", "_unmatched", 404),
];

/// The route of all that is asked for by way of the proxy.
const PROXY: &str = "/proxy/{*path}";

/// Whoever got its first chunks is far from its last.
const ENDLESS_BODY: &str = "/stream?chunks=10000&ms=10";

/// Four at a time, each client one after the other.
async fn answer(
    address: SocketAddr,
    protocol: Protocol,
    cases: &'static [Case],
) -> &'static [Case] {
    let clients = Client::several(address, protocol, 4).await;
    let clients = clients.into_iter().enumerate();
    join_all(clients.map(|(n, mut client)| async move {
        for case in cases.iter().skip(n).step_by(4) {
            client.answer(case).await;
        }
    }))
    .await;
    cases
}

#[derive(Clone, Copy)]
enum Ending {
    Answered(u16),
    BodyFailed,
    Panicked,
    LeftInHead,
    LeftInBody,
}

/// What was sent, as the series that it has to make.
#[derive(Default)]
struct Ledger(Scrape);

impl Ledger {
    fn add(&mut self, method: &str, route: &str, ending: Ending) {
        let (status, also) = match ending {
            Ending::Answered(code @ 500..) => (code, Some(("errors", "error", code.to_string()))),
            Ending::Answered(code) => (code, None),
            Ending::BodyFailed => (200, Some(("errors", "error", "body".into()))),
            Ending::Panicked => (500, Some(("errors", "error", "panic".into()))),
            Ending::LeftInHead => (499, Some(("requests_cancelled", "phase", "head".into()))),
            Ending::LeftInBody => (200, Some(("requests_cancelled", "phase", "body".into()))),
        };
        let labels = format!(r#"method="{method}",route="{route}""#);
        self.add_one(format!(
            r#"http_requests_total{{{labels},status="{status}"}}"#
        ));
        self.add_one(format!(
            r#"http_request_duration_seconds_count{{{labels},status="{status}"}}"#
        ));
        if let Some((family, label, value)) = also {
            self.add_one(format!(
                r#"http_{family}_total{{{labels},{label}="{value}"}}"#
            ));
        }
    }

    /// What was asked for by way of the proxy ends there in the same way.
    fn add_asked(&mut self, method: &str, target: &str, route: &str, ending: Ending) {
        self.add(method, route, ending);
        if target.starts_with("/proxy/") {
            self.add(method, PROXY, ending);
        }
    }

    fn add_one(&mut self, series: String) {
        *self.0.0.entry(series).or_default() += 1.0;
    }

    fn add_cases(&mut self, cases: &[Case]) {
        for (method, _, route, status) in cases {
            self.add(method, route, Ending::Answered(*status));
        }
    }

    fn add_all(&mut self, other: &Self) {
        for (series, count) in &other.0.0 {
            *self.0.0.entry(series.clone()).or_default() += count;
        }
    }

    fn panics(&self) -> f64 {
        sum(&self.0, "http_errors_total", r#"error="panic""#)
    }

    fn print_beside(&self, scrape: &Scrape, elapsed: Duration) {
        let header = format!("in {:.1} s", elapsed.as_secs_f64());
        println!("{header:<57}{:>9} {:>9}", "sent", "counted");
        let families = [
            ("http_requests_total", ""),
            ("http_requests_total", r#"status="2"#),
            ("http_requests_total", r#"status="3"#),
            ("http_requests_total", r#"status="4"#),
            ("http_requests_total", r#"status="5"#),
            ("http_requests_total", r#"route="_unmatched""#),
            ("http_requests_total", r#"method="_OTHER""#),
            ("http_errors_total", ""),
            ("http_errors_total", r#"error="5"#),
            ("http_errors_total", r#"error="body""#),
            ("http_errors_total", r#"error="panic""#),
            ("http_requests_cancelled_total", ""),
            ("http_requests_cancelled_total", r#"phase="head""#),
            ("http_requests_cancelled_total", r#"phase="body""#),
            ("http_request_duration_seconds_count", ""),
        ];
        for (name, label) in families {
            let (sent, counted) = (sum(&self.0, name, label), sum(scrape, name, label));
            let label = match label {
                "" => String::new(),
                whole if whole.ends_with('"') => whole.to_owned(),
                start => format!("{start}..\""),
            };
            println!("{name:<36}{label:<21}{sent:>9} {counted:>9}");
        }
    }
}

/// The sum over the series of that name that have that label, or the beginning of one.
fn sum(scrape: &Scrape, name: &str, label: &str) -> f64 {
    let has = |labels: &str| labels.contains(label);
    let series = scrape.0.iter();
    let of_name = series.filter(|(series, _)| {
        series
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{') && has(rest))
    });
    of_name.map(|(_, count)| count).sum()
}

#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    Http1,
    Http2,
}

/// A connection, or for HTTP/2 what shares one.
struct Client {
    sender: Sender,
    socket: Arc<std::net::TcpStream>,
}

enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Client {
    async fn connect(address: SocketAddr, protocol: Protocol) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .unwrap()
            .into_std()
            .unwrap();
        // Else the system waits some 40 ms for more to send.
        stream.set_nodelay(true).unwrap();
        let socket = Arc::new(stream.try_clone().unwrap());
        let io = TokioIo::new(TcpStream::from_std(stream).unwrap());
        let sender = match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                Sender::Http1(sender)
            }
            Protocol::Http2 => {
                let executor = TokioExecutor::new();
                let (sender, connection) = http2::handshake(executor, io).await.unwrap();
                tokio::spawn(connection);
                Sender::Http2(sender)
            }
        };
        Self { sender, socket }
    }

    /// That many at once: connections of HTTP/1.1, streams of one connection of HTTP/2.
    async fn several(address: SocketAddr, protocol: Protocol, count: usize) -> Vec<Self> {
        let mut clients = vec![Self::connect(address, protocol).await];
        while clients.len() < count {
            clients.push(match &clients[0] {
                Self {
                    sender: Sender::Http2(sender),
                    socket,
                } => Self {
                    sender: Sender::Http2(sender.clone()),
                    socket: Arc::clone(socket),
                },
                _ => Self::connect(address, protocol).await,
            });
        }
        clients
    }

    async fn send(&mut self, method: &str, target: &str) -> hyper::Result<Response<Incoming>> {
        self.send_request(self.request(method, target)).await
    }

    fn request(&self, method: &str, target: &str) -> Request<Body> {
        match &self.sender {
            Sender::Http1(_) => request(method, target),
            Sender::Http2(_) => request(method, &format!("http://localhost{target}")),
        }
    }

    async fn send_request(&mut self, request: Request<Body>) -> hyper::Result<Response<Incoming>> {
        match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Sends it, and receives the answer to its end.
    async fn answer(&mut self, (method, target, _, status): &(&str, &str, &str, u16)) {
        let response = self.send(method, target).await.unwrap();
        assert_eq!(response.status(), *status, "{method} {target}");
        let body = response.into_body().collect().await;
        assert!(body.is_ok(), "{method} {target}: {body:?}");
    }

    async fn answer_one_more(&mut self, ledger: &mut Ledger) {
        const ONE: Case = ("GET", "/empty", "/empty", 200);
        self.answer(&ONE).await;
        ledger.add_cases(&[ONE]);
    }
}

/// Closes it, whatever is on its way; a second time there is nothing to close.
fn break_off(socket: &std::net::TcpStream) {
    socket.shutdown(Shutdown::Both).ok();
}

/// A scrape without what the endpoint says of itself.
fn of_requests(text: &str) -> Scrape {
    let mut scrape = Scrape::parse(text);
    scrape
        .0
        .retain(|series, _| !series.starts_with("exposition_"));
    scrape
}

/// The demo's `/metrics`, over a connection that stays.
struct Metrics(http2::SendRequest<Body>);

impl Metrics {
    async fn of(address: SocketAddr) -> Self {
        Self(support::http2(address).await)
    }

    /// The content type, and the page.
    async fn text(&self, accept: &str) -> (String, String) {
        let mut request = request("GET", "http://localhost/metrics");
        request
            .headers_mut()
            .insert("accept", accept.parse().unwrap());
        let response = self.0.clone().send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (kind, String::from_utf8(body.into()).unwrap())
    }

    async fn scrape(&self) -> Scrape {
        of_requests(&self.text("text/plain").await.1)
    }

    /// Waits until that many requests to `/slow` are open.
    async fn until_slow(&self, method: &str, count: usize) {
        let series = format!(r#"http_requests_in_flight{{method="{method}",route="/slow"}}"#);
        let are_open = || async { self.scrape().await.get(&series) == count as f64 };
        until("requests to be open", are_open).await;
    }
}

/// The demo on a free port, ready.
struct Demo {
    example: Example,
    address: SocketAddr,
}

impl Demo {
    fn start() -> Self {
        let mut example = Example::start("demo", &[], &[]);
        let address = example.address("listening on http://");
        Self { example, address }
    }

    #[cfg(unix)]
    fn terminate(&self) {
        let kill = std::process::Command::new("kill")
            .args(["-TERM", &self.example.process.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    /// How many panics it reported, all of them its own.
    fn kill_and_count_panics(mut self) -> f64 {
        let complaint = self.example.complaint();
        let panics = complaint.lines().filter(|line| line.contains("panicked"));
        panics
            .inspect(|line| assert!(line.contains("examples/demo/"), "{line}"))
            .count() as f64
    }
}

/// Waits for its end, and gives its exit code.
async fn exited(example: &mut Example) -> Option<i32> {
    let mut status = None;
    until("the demo to end", || {
        status = example.process.try_wait().unwrap();
        std::future::ready(status.is_some())
    })
    .await;
    status.unwrap().code()
}
