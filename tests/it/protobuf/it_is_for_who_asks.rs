//! Who asks for protobuf gets all of it, or the reason why not.

use super::{PROTOBUF, answer, compare};
use crate::support::{
    TestLayer, http1,
    registry::{Pairs, owned},
    request, served,
};
use http_body_util::BodyExt;
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use std::time::Duration;
use tower_red::{Exposition, MetricsLayer, NativeHistogram, ScrapeError};

#[tokio::test]
async fn a_big_scrape_comes_in_pieces() {
    let driven =
        TestLayer::new(MetricsLayer::builder().native_histogram(NativeHistogram::default()));
    for n in 0..2_000 {
        let route = Box::leak(format!("/route/{n:04}/{{id}}").into_boxed_str());
        driven.take(Duration::from_millis(n), route, 200);
    }
    let (said, _) = compare(&driven.exposition).await;
    assert!(said.samples.len() > 30_000);

    let mut body = answer(&driven.exposition, PROTOBUF).await.into_body();
    let (mut plain, mut frames) = (Vec::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.unwrap().into_data().unwrap();
        frames.push(frame.len());
        plain.extend_from_slice(&frame);
    }
    assert!(frames.len() > 10, "{frames:?}");
    assert!(frames.iter().all(|frame| *frame < 64 * 1024), "{frames:?}");

    let mut sender = http1(served(driven.exposition.clone()).await).await;
    for method in ["HEAD", "GET"] {
        let mut request = request(method, "/metrics");
        let headers = request.headers_mut();
        headers.insert("accept", PROTOBUF.parse().unwrap());
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert!(!response.headers().contains_key("content-length"));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let expected = if method == "GET" { &plain[..] } else { &[] };
        assert!(bytes == expected, "{method}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let mut registry = Registry::default();
    let jobs = Family::<Pairs, Counter>::default();
    drop(jobs.get_or_create(&owned(&[("a=\"b\"c", "d")])));
    registry.register("jobs", "Jobs done", jobs);
    let response = answer(&Exposition::new(registry), PROTOBUF).await;
    assert_eq!(response.status(), 500);
    let error = response.extensions().get::<ScrapeError>();
    let family = String::from("jobs");
    assert_eq!(error, Some(&ScrapeError::MalformedFamily { family }));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(
        body.starts_with(b"metric family \"jobs\" is malformed"),
        "{body:?}"
    );
}

#[tokio::test]
async fn who_does_not_ask_for_it_gets_text() {
    let driven = TestLayer::new(MetricsLayer::builder());
    for accept in [
        "*/*",
        "application/*",
        "application/vnd.google.protobuf;encoding=text",
    ] {
        let response = answer(&driven.exposition, accept).await;
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.contains("text"), "{kind}");
    }
}
