//! Deadlines: a call that is dropped past its own is no cancelled one.

use super::{ROUTE, body, call, proven, read, trailers_only, within};
use crate::support::{
    ScriptedBody,
    Step::{self, Data, End, Error, Status},
    changes, complete as plain,
    grpc::{answered, cancelled, complete, failed},
    sum,
};
use http::{HeaderValue, Response};
use std::time::Duration;

#[tokio::test]
async fn a_drop_has_exceeded_the_deadline_once_that_has_passed() {
    let rows = [
        ("1n", 1),
        ("7u", 7_000),
        ("250m", 250_000_000),
        ("10S", 10_000_000_000),
        ("2M", 120_000_000_000),
        ("1H", 3_600_000_000_000),
        ("00000001S", 1_000_000_000),
        ("99999999n", 99_999_999),
        ("99999999u", 99_999_999_000),
        ("99999999m", 99_999_999_000_000),
        ("99999999S", 99_999_999_000_000_000),
        ("99999999M", 5_999_999_940_000_000_000),
    ];
    for (timeout, nanos) in rows {
        for (after, is_late) in [
            (0, false),
            (nanos - 1, false),
            (nanos, true),
            (nanos + 1, true),
        ] {
            let expected = |status, phase| match is_late {
                true => failed(ROUTE, status, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
                false => cancelled(ROUTE, status, phase),
            };
            let layer = proven().await;
            layer
                .counts(expected("499", "head"), || {
                    let future = layer.never(within(timeout));
                    layer.clock.advance(Duration::from_nanos(after));
                    drop(future);
                })
                .await;
            let layer = proven().await;
            layer
                .counts(expected("200", "body"), || {
                    let response = layer.respond(within(timeout), body(&[Data, Data]));
                    layer.clock.advance(Duration::from_nanos(after));
                    read(response.into_body());
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_deadline_of_no_time_has_passed_at_once_and_one_of_ages_never_does() {
    let layer = proven().await;
    let late = failed(ROUTE, "499", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED");
    layer.counts(late, || drop(layer.never(within("0S")))).await;
    // More nanoseconds than there are; the latter is one hour too long for them.
    for timeout in ["99999999H", "5124096H"] {
        let layer = proven().await;
        layer
            .counts(cancelled(ROUTE, "499", "head"), || {
                let future = layer.never(within(timeout));
                layer.clock.advance(Duration::from_nanos(u64::MAX / 2));
                drop(future);
            })
            .await;
    }
}

#[tokio::test]
async fn a_malformed_deadline_is_none() {
    let malformed: [&[u8]; 19] = [
        b"",
        b"m",
        b"1",
        b"10",
        b"S10",
        b"1s",
        b"1h",
        b"1U",
        b"1N",
        b"1x",
        b"1 S",
        b" 1S",
        b"-1S",
        b"+1S",
        b"1.5S",
        b"0x1S",
        b"123456789n",
        b"1S,1S",
        b"1\xffS",
    ];
    for timeout in malformed {
        let layer = proven().await;
        let timeout = HeaderValue::from_bytes(timeout).unwrap();
        let mut request = call();
        request.headers_mut().insert("grpc-timeout", timeout);
        layer
            .counts(cancelled(ROUTE, "499", "head"), || {
                let future = layer.never(request);
                layer.clock.advance(Duration::from_secs(1 << 32));
                drop(future);
            })
            .await;
    }
}

#[tokio::test]
async fn only_a_drop_exceeds_a_deadline() {
    let rows: [(&[Step], _); 4] = [
        (&[Data, Status("0")], complete(ROUTE, "200", "OK")),
        (&[Data, Status("5")], complete(ROUTE, "200", "NOT_FOUND")),
        (&[Data, Error], failed(ROUTE, "200", "UNKNOWN", "body")),
        (&[Data, End], failed(ROUTE, "200", "UNKNOWN", "UNKNOWN")),
    ];
    let layer = proven().await;
    for (script, expected) in rows {
        layer
            .counts(expected, || {
                let response = layer.respond(within("1S"), body(script));
                layer.clock.advance(Duration::from_secs(2));
                read(response.into_body());
            })
            .await;
    }
    // And the service itself may say so, whenever it likes.
    layer
        .counts(answered(ROUTE, "200", "DEADLINE_EXCEEDED"), || {
            layer.answer(trailers_only("4"));
        })
        .await;
}

#[tokio::test]
async fn what_is_no_call_has_no_deadline() {
    let layer = proven().await;
    let labels = r#"method="POST",route="_unmatched",phase="body""#;
    let cancelled = format!("http_requests_cancelled_total{{{labels}}}");
    let expected = sum([
        plain("POST", "_unmatched", "200"),
        changes([(&cancelled, 1.0)]),
    ]);
    let late = |request, response| {
        let response = layer.respond(request, response);
        layer.clock.advance(Duration::from_secs(2));
        read(response.into_body());
    };
    let mut request = within("1S");
    request.headers_mut().remove("content-type");
    layer
        .counts(expected.clone(), || late(request, body(&[Data])))
        .await;
    let response = Response::new(ScriptedBody::new(&[Data]));
    layer
        .counts(expected, || late(within("1S"), response))
        .await;
}
