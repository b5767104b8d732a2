//! A function that gives a text is asked by every scrape, and only then.

use crate::support::{OPEN_METRICS, text};
use http::Request;
use http_body_util::BodyExt;
use prometheus_client::registry::Registry;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tower::ServiceExt;
use tower_red::{BuildError, Exposition, MetricsLayer, ScrapeError};

const PROTOBUF: &str = "application/vnd.google.protobuf";

/// A function that says how often it was asked.
fn counting() -> (
    Arc<AtomicUsize>,
    impl Fn() -> String + Send + Sync + 'static,
) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let text = move || format!("asked {}\n", counter.fetch_add(1, Ordering::SeqCst) + 1);
    (asked, text)
}

#[tokio::test]
async fn each_scrape_asks_once_in_whatever_format() {
    let (asked, beside) = counting();
    let (_, exposition) = MetricsLayer::builder().beside(beside).pair().unwrap();
    let exposition = exposition.instrumented();
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    for (times, accept) in [(1, "text/plain"), (2, OPEN_METRICS), (3, PROTOBUF)] {
        let request = Request::get("/").header("accept", accept).body(());
        let response = exposition.clone().oneshot(request.unwrap());
        response.await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), times);
    }
    let head = exposition
        .clone()
        .oneshot(Request::head("/").body(()).unwrap());
    assert_eq!(head.await.unwrap().status(), 200);
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    let post = exposition
        .clone()
        .oneshot(Request::post("/").body(()).unwrap());
    assert_eq!(post.await.unwrap().status(), 405);
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    assert!(exposition.render().unwrap().contains("\nasked 5\n"));
}

#[tokio::test]
async fn a_function_that_panics_is_a_500_that_says_so_and_is_asked_again() {
    let panics = Arc::new(AtomicBool::new(false));
    let told = panics.clone();
    let exposition = Exposition::new(Registry::default()).beside(move || {
        assert!(!told.load(Ordering::SeqCst), "told to");
        String::from("fine 1\n")
    });
    for _ in 0..3 {
        panics.store(false, Ordering::SeqCst);
        let fine = text(&exposition, "text/plain").await;
        assert_eq!(fine, "# TYPE fine untyped\nfine 1\n");
        panics.store(true, Ordering::SeqCst);
        let response = exposition.clone().oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 500);
        let error = response.extensions().get::<ScrapeError>();
        assert_eq!(error, Some(&ScrapeError::TextPanic));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "a function that `beside` was given panicked\n");
    }
}

#[tokio::test]
async fn all_clones_of_an_endpoint_show_what_was_added_to_one() {
    let (_, exposition) = MetricsLayer::pair();
    let before = exposition.clone();
    let exposition = exposition.beside(|| "later 1\n".into());
    for exposition in [&before, &exposition, &exposition.clone()] {
        assert!(text(exposition, "text/plain").await.contains("\nlater 1\n"));
    }
}

#[tokio::test]
async fn a_disabled_endpoint_asks_nobody() {
    let (asked, beside) = counting();
    let builder = MetricsLayer::builder().enabled(false).beside(beside);
    let (_, exposition) = builder.pair().unwrap();
    assert_eq!(
        text(&exposition, "text/plain").await,
        "metrics are disabled\n"
    );
    let (_, beside) = counting();
    let exposition = Exposition::disabled().beside(beside);
    assert_eq!(exposition.render().unwrap(), "");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn what_is_for_an_endpoint_is_a_mistake_where_there_is_none() {
    let builder = MetricsLayer::builder;
    let elsewhere = Exposition::new(Registry::default());
    let error = builder().beside(String::new).expose_on(&elsewhere);
    let setting = "beside";
    assert_eq!(error.unwrap_err(), BuildError::NoEndpoint { setting });
    for (builder, setting) in [
        (builder().beside(String::new), "beside"),
        (builder().build_info("1.2.3", "abc"), "build_info"),
        (
            builder().collector(tower_red::BuildInfo::new("1", "2")),
            "collector",
        ),
    ] {
        let error = builder.register(&mut Registry::default()).unwrap_err();
        assert_eq!(error, BuildError::NoEndpoint { setting });
        let message = format!("`{setting}` is for the endpoint that `pair` makes");
        assert!(error.to_string().starts_with(&message), "{error}");
    }
}
