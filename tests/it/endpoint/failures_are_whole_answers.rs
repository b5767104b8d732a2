//! An endpoint that has no scrape to give answers all the same, and says why.

use super::{Does, ENCODINGS, Told, answer, decode, served_compressed};
use crate::support::{OPEN_METRICS, http1, request, served};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use std::error::Error;
use tower::ServiceExt;
use tower_red::{Exposition, MetricsLayer, ScrapeError};

#[tokio::test]
async fn a_collector_that_fails_or_panics_is_a_whole_500_and_the_endpoint_goes_on() {
    let told = Told::to(Does::Count);
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    registry.register_collector(Box::new(told.clone()));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let mut sender = http1(served_compressed(exposition).await).await;
    for _ in 0..3 {
        for (does, message) in [
            (Does::Count, None),
            (
                Does::Fail,
                Some("a metric of the registry failed to encode itself\n"),
            ),
            (
                Does::Panic,
                Some("a metric or a collector of the registry panicked\n"),
            ),
        ] {
            told.tell(does);
            for encoding in ENCODINGS {
                let mut request = request("GET", "/metrics");
                let headers = request.headers_mut();
                headers.insert("accept-encoding", HeaderValue::from_static(encoding));
                sender.ready().await.unwrap();
                let response = sender.send_request(request).await.unwrap();
                let (head, body) = response.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let Some(message) = message else {
                    assert_eq!(head.status, StatusCode::OK);
                    let body = decode(encoding, &body).await;
                    assert!(body.contains("\ntold_total 1\n"));
                    continue;
                };
                assert_eq!(head.status, StatusCode::INTERNAL_SERVER_ERROR);
                assert_eq!(head.headers["content-type"], "text/plain; charset=utf-8");
                let name = head.headers.get("content-encoding");
                let name = name.map_or("identity", |name| name.to_str().unwrap());
                assert_eq!(decode(name, &body).await, message);
            }
        }
    }
}

#[tokio::test]
async fn a_collector_that_panics_does_not_keep_a_layer_from_being_built() {
    let told = Told::to(Does::Panic);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(told.clone()));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    assert_eq!(answer(&exposition, &[]).await.status(), 500);
    told.tell(Does::Count);
    assert_eq!(answer(&exposition, &[]).await.status(), 200);
}

type Register<'a> = &'a dyn Fn(&mut Registry);

#[tokio::test]
async fn a_500_has_its_reason_in_the_extensions_and_nothing_else_has() {
    let gauge = |registry: &mut Registry, name: &str, help: &str| {
        registry.register(name, help, Gauge::<i64>::default());
    };
    let told = |registry: &mut Registry, does| {
        registry.register_collector(Box::new(Told::to(does)));
    };
    let name = |name: &str| name.to_owned();
    let cases: [(Register<'_>, Option<ScrapeError>); 6] = [
        (&|registry| told(registry, Does::Count), None),
        (
            &|registry| told(registry, Does::Fail),
            Some(ScrapeError::Encode),
        ),
        (
            &|registry| told(registry, Does::Panic),
            Some(ScrapeError::Panic),
        ),
        (
            &|registry| {
                gauge(registry, "a_total", "A");
                registry.register("a", "A", Counter::<u64>::default());
            },
            Some(ScrapeError::DuplicateFamily {
                family: name("a"),
                other: name("a_total"),
            }),
        ),
        (
            &|registry| gauge(registry, "a-b", "A"),
            Some(ScrapeError::InvalidName {
                family: name("a-b"),
            }),
        ),
        (
            &|registry| gauge(registry, "a", "A\nB"),
            Some(ScrapeError::MalformedFamily { family: name("a") }),
        ),
    ];
    for (register, expected) in cases {
        let mut registry = Registry::default();
        register(&mut registry);
        let exposition = Exposition::new(registry);
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let expected = expected.clone().filter(|_| method != Method::POST);
            let request = Request::builder().method(&method).body(()).unwrap();
            let response = exposition.clone().oneshot(request).await.unwrap();
            let error = response.extensions().get::<ScrapeError>().cloned();
            assert_eq!(error, expected);
            assert_eq!(response.status() == 500, expected.is_some());
            let body = response.into_body().collect().await.unwrap().to_bytes();
            if let (Some(error), Method::GET) = (expected, method) {
                assert_eq!(body, format!("{error}\n"));
            }
        }
    }
}

#[test]
fn a_scrape_error_is_an_error_that_can_be_passed_on() {
    fn assert<E: Error + Clone + Send + Sync + 'static>() {}
    assert::<ScrapeError>();
}

#[tokio::test]
async fn a_disabled_endpoint_answers_503_and_405_and_says_why() {
    let mut sender = http1(served(Exposition::disabled()).await).await;
    for (method, status, text) in [
        (
            "GET",
            StatusCode::SERVICE_UNAVAILABLE,
            "metrics are disabled\n",
        ),
        ("HEAD", StatusCode::SERVICE_UNAVAILABLE, ""),
        (
            "POST",
            StatusCode::METHOD_NOT_ALLOWED,
            "metrics are read with GET or HEAD\n",
        ),
    ] {
        let mut request = request(method, "/metrics");
        let headers = request.headers_mut();
        headers.insert("accept", HeaderValue::from_static(OPEN_METRICS));
        headers.insert("accept-encoding", HeaderValue::from_static("gzip, zstd"));
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        assert_eq!(head.status, status);
        assert_eq!(head.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(head.headers.get("content-encoding"), None);
        let allow = head.headers.get("allow");
        assert_eq!(allow.is_some(), status == StatusCode::METHOD_NOT_ALLOWED);
        if method == "HEAD" {
            assert_eq!(head.headers["content-length"], "21");
        }
        assert_eq!(body.collect().await.unwrap().to_bytes(), text);
    }
    let head = Request::head("/").body(()).unwrap();
    let response = Exposition::disabled().oneshot(head).await.unwrap();
    assert_eq!(response.into_body().size_hint().exact(), Some(0));
}
