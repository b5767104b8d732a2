//! The status: of the trailers, else of the head, else of HTTP.

use super::{IN_FLIGHT, ROUTE, body, call, head, numbered, proven, read, trailers_only};
use crate::support::{
    ScriptedBody,
    Step::{Data, End, Given, Status, Trailers},
    changes,
    grpc::{answered, complete, failed},
    sum,
};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;

#[tokio::test]
async fn the_status_is_that_of_the_trailers() {
    let layer = proven().await;
    for (number, code) in numbered() {
        for script in [&[Data, Data, Status(number)][..], &[Status(number)]] {
            layer
                .counts(answered(ROUTE, "200", code), || layer.answer(body(script)))
                .await;
        }
    }
}

#[tokio::test]
async fn the_status_is_that_of_the_head_if_there_are_no_trailers() {
    let layer = proven().await;
    for (number, code) in numbered() {
        let expected = || answered(ROUTE, "200", code);
        layer
            .counts(expected(), || layer.answer(trailers_only(number)))
            .await;
        // Whose body does not say that it is empty, or has trailers that do not say it.
        for script in [&[End][..], &[Trailers]] {
            let response = trailers_only(number).map(|_| ScriptedBody::new(script));
            layer.counts(expected(), || layer.answer(response)).await;
        }
    }
}

#[tokio::test]
async fn the_status_of_the_trailers_overrules_that_of_the_head() {
    let layer = proven().await;
    let response = trailers_only("0").map(|_| ScriptedBody::new(&[Data, Status("13")]));
    layer
        .counts(answered(ROUTE, "200", "INTERNAL"), || {
            layer.answer(response);
        })
        .await;
}

#[tokio::test]
async fn a_missing_status_is_unknown() {
    let layer = proven().await;
    for script in [&[Data, Data, End][..], &[Data, Trailers], &[End]] {
        layer
            .counts(failed(ROUTE, "200", "UNKNOWN", "UNKNOWN"), || {
                layer.answer(body(script));
            })
            .await;
    }
    layer
        .counts(failed(ROUTE, "200", "UNKNOWN", "UNKNOWN"), || {
            layer.answer(head(200).body(ScriptedBody::empty()).unwrap());
        })
        .await;
}

#[tokio::test]
async fn a_missing_status_is_what_grpc_maps_the_http_status_to() {
    let expected = (100..=999).map(|status| {
        let code = match status {
            400 | 431 => "INTERNAL",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "UNIMPLEMENTED",
            429 | 502 | 503 | 504 => "UNAVAILABLE",
            _ => "UNKNOWN",
        };
        let number = status.to_string();
        match status {
            500..=599 => failed(ROUTE, &number, code, &number),
            600.. => answered(ROUTE, "_OTHER", code),
            _ => answered(ROUTE, &number, code),
        }
    });
    let layer = proven().await;
    layer
        .counts(sum(expected), || {
            for status in 100..=999 {
                layer.answer(head(status).body(ScriptedBody::empty()).unwrap());
            }
        })
        .await;
}

#[tokio::test]
async fn what_is_no_number_of_a_code_is_unknown() {
    let layer = proven().await;
    let garbage: [&[u8]; 20] = [
        b"",
        b" ",
        b"abc",
        b"OK",
        b"-1",
        b"-0",
        b"+0",
        b"00",
        b"01",
        b"016",
        b"17",
        b"99",
        b"256",
        b"0x0",
        b"0.0",
        b"0 ",
        b"0,0",
        b"4294967296",
        b"\xff",
        "\u{660}".as_bytes(),
    ];
    for value in garbage {
        let value = HeaderValue::from_bytes(value).unwrap();
        // Not that of an HTTP status, though there is one.
        for status in [200, 404] {
            let expected = || failed(ROUTE, &status.to_string(), "UNKNOWN", "UNKNOWN");
            let response = head(status).header("grpc-status", &value);
            let response = response.body(ScriptedBody::empty()).unwrap();
            layer.counts(expected(), || layer.answer(response)).await;

            let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), value.clone())]);
            let response = head(status).body(ScriptedBody::new(&[Data, Given(trailers)]));
            layer
                .counts(expected(), || layer.answer(response.unwrap()))
                .await;
        }
    }
}

#[tokio::test]
async fn an_error_of_http_comes_before_that_of_grpc() {
    let layer = proven().await;
    let rows = [
        (503, "13", failed(ROUTE, "503", "INTERNAL", "503")),
        (500, "5", failed(ROUTE, "500", "NOT_FOUND", "500")),
        (599, "0", failed(ROUTE, "599", "OK", "599")),
        (499, "13", failed(ROUTE, "499", "INTERNAL", "INTERNAL")),
        (404, "5", complete(ROUTE, "404", "NOT_FOUND")),
    ];
    for (status, number, expected) in rows {
        let response = head(status).body(ScriptedBody::new(&[Data, Status(number)]));
        layer
            .counts(expected, || layer.answer(response.unwrap()))
            .await;
    }
}

#[tokio::test]
async fn a_call_is_counted_once_with_its_trailers_and_not_at_its_drop() {
    let layer = proven().await;
    let before = layer.scrape().await;
    let mut steps = vec![Data; 1_000];
    steps.extend([Status("0"), Status("13"), Data, End]);
    let mut answer = layer.respond(call(), body(&steps)).into_body();
    for _ in 0..1_000 {
        answer.frame().now_or_never().unwrap().unwrap().unwrap();
    }
    assert_eq!(
        layer.scrape().await.since(&before),
        changes([(IN_FLIGHT, 1.0)])
    );
    answer.frame().now_or_never().unwrap().unwrap().unwrap();
    let once = complete(ROUTE, "200", "OK");
    assert_eq!(layer.scrape().await.since(&before), once);
    read(answer);
    assert_eq!(layer.scrape().await.since(&before), once);
}

#[tokio::test]
async fn a_call_without_a_body_is_counted_with_its_head_and_not_at_its_drop() {
    let layer = proven().await;
    let before = layer.scrape().await;
    let response = layer.respond(call(), trailers_only("5"));
    let once = complete(ROUTE, "200", "NOT_FOUND");
    assert_eq!(layer.scrape().await.since(&before), once);
    read(response.into_body());
    assert_eq!(layer.scrape().await.since(&before), once);
}
