//! What a socket cannot show: the response in our own hands.

use super::{cancelled, failed, hold};
use crate::support::{
    Scrape, ScriptedBody,
    Step::{self, Data, End, Error, LastData, Panic, Trailers},
    complete, respond, sum,
};
use axum::{body::Body, extract::Request, response::Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::MetricsLayer;

#[tokio::test]
async fn every_1xx_and_204_and_304_is_complete_at_its_head() {
    let (metrics, exposition) = MetricsLayer::pair();
    for code in (100..200).chain([204, 304]) {
        let before = Scrape::of(&exposition).await;
        let body = hold(&metrics, code, &[Data]);
        let after = Scrape::of(&exposition).await;
        let expected = complete("GET", "_unmatched", &code.to_string());
        assert_eq!(after.since(&before), expected);
        drop(body);
        assert_eq!(Scrape::of(&exposition).await, after, "{code}: once");
    }
}

#[tokio::test]
async fn a_response_is_counted_with_its_last_frame_and_not_at_its_drop() {
    for script in [
        &[Data, LastData][..],
        &[Data, Trailers],
        &[Data, End],
        &[LastData],
    ] {
        let (metrics, exposition) = MetricsLayer::pair();
        let mut body = hold(&metrics, 200, script);
        for (polled, _) in script.iter().enumerate() {
            let scrape = Scrape::of(&exposition).await;
            assert_eq!(
                scrape.sum("http_requests_total"),
                0.0,
                "{script:?} at {polled}"
            );
            assert_eq!(
                scrape.sum("http_requests_in_flight"),
                1.0,
                "{script:?} at {polled}"
            );
            let _ = body.frame().now_or_never().unwrap();
        }
        let after = Scrape::of(&exposition).await;
        let expected = complete("GET", "_unmatched", "200");
        assert_eq!(after.since(&Scrape::default()), expected, "{script:?}");
        // Whatever comes then, it was counted.
        let _ = body.frame().now_or_never();
        drop(body);
        assert_eq!(Scrape::of(&exposition).await, after, "{script:?}");
    }
}

#[tokio::test]
async fn a_response_without_a_body_is_counted_with_its_head_and_not_at_its_drop() {
    let (metrics, exposition) = MetricsLayer::pair();
    let body = ScriptedBody::new(&[]);
    body.ended.store(true, Ordering::Relaxed);
    let body = respond(&metrics, Response::new(body));
    let after = Scrape::of(&exposition).await;
    let expected = complete("GET", "_unmatched", "200");
    assert_eq!(after.since(&Scrape::default()), expected);
    drop(body);
    assert_eq!(Scrape::of(&exposition).await, after);
}

#[tokio::test]
async fn a_body_that_says_that_it_ended_is_complete_though_nobody_polled_it() {
    for asked in [true, false] {
        let (metrics, exposition) = MetricsLayer::pair();
        let body = ScriptedBody::new(&[Data]);
        let ended = Arc::clone(&body.ended);
        let body = respond(&metrics, Response::new(body)).into_body();
        ended.store(true, Ordering::Relaxed);
        // A body is never asked by its own drop: it may be dropped by an unwinding panic.
        if asked {
            assert!(http_body::Body::is_end_stream(&body));
        }
        drop(body);
        let all = Scrape::of(&exposition).await.since(&Scrape::default());
        let expected = match asked {
            true => complete("GET", "_unmatched", "200"),
            false => cancelled("GET", "_unmatched", "200", "body"),
        };
        assert_eq!(all, expected);
    }
}

#[tokio::test]
async fn a_body_that_is_dropped_before_its_first_poll_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    drop(hold(&metrics, 200, &[Data, End]));
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, cancelled("GET", "_unmatched", "200", "body"));
}

#[tokio::test]
async fn a_future_that_is_dropped_before_its_first_poll_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    let mut service = metrics.layer(service_fn(|_: Request| async {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    drop(service.call(Request::default()));
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, cancelled("GET", "_unmatched", "499", "head"));
}

#[tokio::test]
async fn the_first_error_that_applies_is_the_one() {
    let counted = |status: u16, error: &str| {
        let status = status.to_string();
        match error {
            "" => cancelled("GET", "_unmatched", &status, "body"),
            error => failed("GET", "_unmatched", &status, error),
        }
    };
    let rows: [(u16, &[Step], &str); 6] = [
        (503, &[Data, Panic], "panic"),
        (503, &[Data, Error], "body"),
        (503, &[Data, End], "503"),
        (503, &[Data], ""),
        // It is over with its error.
        (200, &[Error, Panic], "body"),
        (503, &[Error, End], "body"),
    ];
    for (status, script, error) in rows {
        let (metrics, exposition) = MetricsLayer::pair();
        let mut body = hold(&metrics, status, script);
        for _ in script {
            let _ = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
        }
        drop(body);
        let all = Scrape::of(&exposition).await.since(&Scrape::default());
        assert_eq!(all, counted(status, error), "{status} {script:?}");
    }
}

#[tokio::test]
async fn a_body_that_panicked_is_a_panic_though_it_says_that_it_is_at_its_end() {
    let (metrics, exposition) = MetricsLayer::pair();
    let body = ScriptedBody::new(&[Panic]);
    let ended = Arc::clone(&body.ended);
    let mut body = respond(&metrics, Response::new(body)).into_body();
    ended.store(true, Ordering::Relaxed);
    let polled = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
    assert!(polled.is_err());
    drop(body);
    let all = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(all, failed("GET", "_unmatched", "200", "panic"));
}

/// `std::thread::panicking` is true for them, and they are no panics.
#[tokio::test]
async fn a_request_that_is_dropped_while_another_one_panics_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    let service = service_fn(|request: Request| async move {
        assert!(request.uri().path() != "/panic", "asked to");
        pending::<Result<Response, Infallible>>().await
    });
    let service = metrics.layer(service);
    let mut future = Box::pin(service.clone().oneshot(Request::default()));
    assert!((&mut future).now_or_never().is_none());
    let mut body = hold(&metrics, 200, &[Data, Data]);
    let _ = body.frame().now_or_never().unwrap();

    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _bystanders = (future, body);
        let panics = http::Request::post("/panic").body(Body::empty()).unwrap();
        service.oneshot(panics).now_or_never()
    }));
    assert!(unwound.is_err());
    let expected = sum([
        failed("POST", "_unmatched", "500", "panic"),
        cancelled("GET", "_unmatched", "499", "head"),
        cancelled("GET", "_unmatched", "200", "body"),
    ]);
    let after = Scrape::of(&exposition).await;
    assert_eq!(after.since(&Scrape::default()), expected);
    assert_eq!(after.sum("http_requests_in_flight"), 0.0);
}
