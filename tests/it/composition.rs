//! What is put around the endpoint, as the examples show it: who may read it, how often, on which port, and a log.

// Its limits are tried with scrapes that take their time, which those of the example do not.
#[expect(dead_code, reason = "its `main` is for the example alone")]
#[path = "../../examples/limited.rs"]
mod limited;

use crate::support::{Scrape, example::Example, http1, request, serve, until};
use axum::{Router, routing::get};
use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use http::HeaderMap;
use http_body_util::BodyExt;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Registry};
use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Mutex,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};
use tokio::{task::block_in_place, time::timeout};
use tower_red::{Exposition, MetricsLayer};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Asks on a connection of its own.
async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    let mut request = request(method, path);
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let mut sender = http1(address).await;
    let answer = timeout(Duration::from_secs(20), sender.send_request(request)).await;
    let (head, body) = answer.expect("an answer").unwrap().into_parts();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

async fn get_from(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, &[]).await
}

/// That scrapes come through whatever is around the endpoint.
async fn assert_whole(address: SocketAddr, headers: &[(&'static str, &str)]) {
    let answer = ask(address, "GET", "/metrics", headers).await;
    assert_eq!(answer.status, 200);
    assert_eq!(Scrape::parse(answer.text()).sum("http_requests_total"), 1.0);
}

// ---- Who may read it.

const TOKEN: &str = "5e1f-secret";
/// `prometheus:secret`.
const BASIC: &str = "cHJvbWV0aGV1czpzZWNyZXQ=";

#[tokio::test]
async fn metrics_are_for_who_knows_the_secret_of_their_path() {
    let variables = [("METRICS_TOKEN", TOKEN), ("METRICS_BASIC", BASIC)];
    let mut example = Example::start("protected", &[], &variables);
    let address = example.address("listening on http://");
    assert_eq!(get_from(address, "/users/7").await.text(), "a user\n");

    let bearer = format!("Bearer {TOKEN}");
    let lower = format!("bearer {TOKEN}");
    let basic = format!("Basic {BASIC}");
    for (path, scheme, right, wrong) in [
        ("/metrics", "Bearer", [&bearer, &lower], &basic),
        ("/v1/metrics", "Basic", [&basic, &basic], &bearer),
    ] {
        for right in right {
            let answer = ask(address, "GET", path, &[("authorization", right)]).await;
            assert_eq!(answer.status, 200, "{path} {right}");
            let scrape = Scrape::parse(answer.text());
            assert_eq!(scrape.sum("http_requests_total"), 1.0);
            let answer = ask(address, "POST", path, &[("authorization", right)]).await;
            assert_eq!(answer.status, 405, "{path} {right}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
        let right = right[0];
        let (all_but_the_last, _) = right.split_at(right.len() - 1);
        let secret = &right[scheme.len() + 1..];
        for wrong in [
            "",
            scheme,
            &format!("{scheme} "),
            secret,
            all_but_the_last,
            &format!("{all_but_the_last}!"),
            &format!("{scheme} !{}", &secret[1..]),
            &format!("{right}!"),
            &format!("{scheme}  {secret}"),
            wrong,
        ] {
            for method in ["GET", "HEAD", "POST"] {
                let answer = ask(address, method, path, &[("authorization", wrong)]).await;
                assert_unauthorised(&answer, scheme, method);
            }
        }
        let answer = get_from(address, path).await;
        assert_unauthorised(&answer, scheme, "GET");
    }
    // Scrapes are not counted, and neither are those who guess.
    assert_whole(address, &[("authorization", &bearer)]).await;
}

fn assert_unauthorised(answer: &Answer, scheme: &str, method: &str) {
    assert_eq!(answer.status, 401);
    let challenge = format!("{scheme} realm=\"metrics\"");
    assert_eq!(answer.header("www-authenticate"), Some(&*challenge));
    match method {
        "HEAD" => assert_eq!(answer.text(), ""),
        _ => assert_eq!(answer.text(), "who are you?\n"),
    }
}

#[tokio::test]
async fn a_path_without_a_secret_says_that_it_is_disabled_whatever_it_is_sent() {
    for variables in [&[][..], &[("METRICS_TOKEN", ""), ("METRICS_BASIC", "")]] {
        let mut example = Example::start("protected", &[], variables);
        let address = example.address("listening on http://");
        assert_eq!(get_from(address, "/users/7").await.status, 200);
        for path in ["/metrics", "/v1/metrics"] {
            for authorization in ["", "Bearer ", "Basic ", "Basic Og=="] {
                let headers = [("authorization", authorization)];
                let answer = ask(address, "GET", path, &headers).await;
                assert_eq!(answer.status, 503, "{path} {authorization:?}");
                assert_eq!(answer.text(), "metrics are disabled\n");
            }
        }
    }
    // One of the two alone.
    let mut example = Example::start("protected", &[], &[("METRICS_TOKEN", TOKEN)]);
    let address = example.address("listening on http://");
    assert_eq!(get_from(address, "/metrics").await.status, 401);
    assert_eq!(get_from(address, "/v1/metrics").await.status, 503);
}

// ---- How often.

#[tokio::test]
async fn past_the_rate_scrapes_are_refused_and_the_application_answers() {
    let mut example = Example::start("limited", &[], &[]);
    let address = example.address("listening on http://");
    assert_eq!(get_from(address, "/users/7").await.status, 200);
    assert_whole(address, &[]).await;
    for n in 2..=60 {
        assert_eq!(get_from(address, "/metrics").await.status, 200, "{n}");
    }
    for _ in 0..100 {
        let answer = get_from(address, "/metrics").await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.text(), "no scrape: service overloaded\n");
        assert_eq!(get_from(address, "/users/7").await.text(), "a user\n");
    }
}

/// Says that it is asked, and answers when it is told to.
#[derive(Debug)]
struct Patient {
    asked: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl Collector for Patient {
    fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
        self.asked.send(()).unwrap();
        // The runtime's other tasks go on without this thread.
        block_in_place(|| self.go.lock().unwrap().recv()).map_err(|_| fmt::Error)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_scrapes_at_once_are_refused_and_the_application_answers() {
    let (asked, is_asked) = mpsc::channel();
    let (told, go) = mpsc::channel();
    let mut registry = Registry::default();
    let go = Mutex::new(go);
    registry.register_collector(Box::new(Patient { asked, go }));
    let exposition = Exposition::new(registry);
    let (metrics, _) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "a user\n" }))
        .layer(metrics)
        .route("/metrics", limited::limited(exposition));
    let address = serve(app).await;

    let scrapes = (0..10).map(|_| Box::pin(get_from(address, "/metrics")));
    let mut scrapes: FuturesUnordered<_> = scrapes.collect();
    // One is being prepared, one waits for it, and which they are is not said.
    for _ in 0..8 {
        assert_eq!(scrapes.next().await.unwrap().status, 503);
    }
    block_in_place(|| is_asked.recv()).unwrap();
    assert_eq!(get_from(address, "/users/7").await.status, 200);
    for _ in 0..2 {
        told.send(()).unwrap();
        assert_eq!(scrapes.next().await.unwrap().status, 200);
    }

    // Both places are free again.
    for _ in 0..2 {
        scrapes.push(Box::pin(get_from(address, "/metrics")));
        told.send(()).unwrap();
    }
    let statuses: Vec<_> = scrapes.map(|answer| answer.status).collect().await;
    assert_eq!(statuses, [200, 200]);
}

// ---- Where.

#[tokio::test]
async fn metrics_are_on_the_port_that_is_for_them_alone() {
    let mut example = Example::start("admin_port", &[], &[]);
    let public = example.address("listening on http://");
    let private = example.address("metrics on http://");
    assert_eq!(get_from(public, "/users/7").await.text(), "a user\n");
    assert_whole(private, &[]).await;
    assert_eq!(get_from(private, "/users/7").await.status, 404);
    assert_eq!(get_from(public, "/metrics").await.status, 404);

    let scrape = Scrape::parse(get_from(private, "/metrics").await.text());
    // The public's 404 is one of its requests, the other's is not.
    assert_eq!(scrape.sum("http_requests_total"), 2.0);
    let labels = r#"method="GET",route="_unmatched",status="404""#;
    assert_eq!(scrape.get(&format!("http_requests_total{{{labels}}}")), 1.0);
}

#[test]
fn a_port_that_is_taken_ends_the_process() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for variable in ["PORT", "ADMIN_PORT"] {
        let mut example = Example::start("admin_port", &[], &[(variable, &port)]);
        assert!(!example.process.wait().unwrap().success());
        let complaint = example.complaint();
        assert!(
            complaint.contains(&format!("{variable} {port}: ")),
            "{complaint}"
        );
    }
}

#[tokio::test]
async fn a_process_without_http_has_a_port_for_its_metrics() {
    let mut example = Example::start("admin_port", &["worker"], &[]);
    let address = example.address("metrics on http://");
    let done = || async {
        let answer = get_from(address, "/metrics").await;
        Scrape::parse(answer.text()).get("jobs_total")
    };
    let first = done().await;
    until("another job", || async { done().await > first }).await;
}

// ---- A log.

#[tokio::test]
async fn what_is_wrong_with_a_scrape_is_in_the_log() {
    let mut example = Example::start("logged", &[], &[]);
    let address = example.address("listening on http://");
    assert_eq!(get_from(address, "/users/7").await.status, 200);
    let answer = get_from(address, "/metrics").await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.text().contains("\"queue-depth\""),
        "{}",
        answer.text()
    );
    let complaint = example.complaint();
    assert_eq!(complaint, format!("scrape failed: {}", answer.text()));
}
