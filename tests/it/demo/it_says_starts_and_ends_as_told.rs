//! What is around the traffic: its metrics, its page, its port and its end.

use super::{ANSWERED, Client, Demo, ENDLESS_BODY, Metrics, Protocol, answer, exited, of_requests};
use crate::support::{example::Example, until};
use http_body_util::BodyExt;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

#[tokio::test]
async fn metrics_come_in_both_formats_and_are_not_counted() {
    let demo = Demo::start();
    answer(demo.address, Protocol::Http1, ANSWERED).await;

    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut client = Client::connect(demo.address, protocol).await;
        client.answer(&("HEAD", "/metrics", "", 200)).await;
        client.answer(&("POST", "/metrics", "", 405)).await;
    }
    let metrics = Metrics::of(demo.address).await;
    let (kind, classic) = metrics.text("*/*").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    assert!(!classic.contains("# EOF"));
    let (kind, open) = metrics.text("application/openmetrics-text").await;
    assert_eq!(
        kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert!(open.ends_with("# EOF\n"));

    let scrape = of_requests(&classic);
    assert_eq!(scrape.sum("http_requests_total"), ANSWERED.len() as f64);
    assert_eq!(scrape, of_requests(&open));
    assert!(!classic.contains("/metrics"));
}

#[tokio::test]
async fn it_says_what_to_try() {
    let mut demo = Demo::start();
    let mut client = Client::connect(demo.address, Protocol::Http1).await;
    let response = client.send("GET", "/").await.unwrap();
    let page = response.into_body().collect().await.unwrap().to_bytes();
    let said = demo.example.said();
    assert_eq!(said.trim().as_bytes(), page.trim_ascii());
    for route in [
        "/users/42",
        "/stream-error",
        "/static/hyper.rs",
        "/proxy/users/42",
        "/echo",
        "/panic",
        "/metrics",
    ] {
        assert!(
            said.contains(&format!("http://{}{route}", demo.address)),
            "{said}"
        );
    }
    for path in ["/announced?", "/events?"] {
        assert!(said.contains(path), "{said}");
    }
}

#[tokio::test]
async fn a_port_that_cannot_be_is_an_error_that_names_it() {
    let demo = Demo::start();
    let taken = demo.address.port().to_string();
    for port in ["", "shop", "-1", "65536", &taken] {
        let mut example = Example::start("demo", &[], &[("PORT", port)]);
        let code = exited(&mut example).await;
        let (stdout, stderr) = (example.said(), example.complaint());
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{port:?}");
        assert!(
            stderr.starts_with("demo: ") && stderr.contains(port),
            "{stderr}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_lets_open_requests_end() {
    let mut demo = Demo::start();
    let mut client = Client::connect(demo.address, Protocol::Http1).await;
    // Long enough to be seen in flight, however busy the machine is.
    let request = tokio::spawn(async move { client.send("GET", "/slow?ms=1000").await });
    Metrics::of(demo.address).await.until_slow("GET", 1).await;
    demo.terminate();
    let response = request.await.unwrap().unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "at last\n");
    assert_eq!(exited(&mut demo.example).await, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_waits_for_nothing() {
    let mut demo = Demo::start();
    let mut client = Client::connect(demo.address, Protocol::Http1).await;
    let _body = client.send("GET", ENDLESS_BODY).await.unwrap();
    let started = Instant::now();
    demo.terminate();
    let refused = || async { TcpStream::connect(demo.address).await.is_err() };
    until("the first signal to be heard", refused).await;
    demo.terminate();
    assert_eq!(exited(&mut demo.example).await, Some(0));
    // What the first one alone would have given to open requests.
    assert!(started.elapsed() < Duration::from_secs(5));
}
