//! Every way a call ends.

use super::{ROUTE, body, call, head, panics, proven, read, trailers_only, unwinds};
use crate::support::{
    ScriptedBody,
    Step::{self, Data, Error, Panic, Status},
    grpc::{cancelled, complete, failed},
};
use futures_util::FutureExt;
use http::Response;
use std::{
    convert::Infallible,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
};
use tower::{Layer, Service, service_fn};

#[tokio::test]
async fn a_failure_is_named_by_where_it_was_and_its_status_is_unknown() {
    let layer = proven().await;
    let service_error = failed(ROUTE, "500", "UNKNOWN", "service");
    layer
        .counts(service_error, || {
            let fails = service_fn(|_| ready(Err::<Response<ScriptedBody>, _>("asked to")));
            let failed = layer.metrics.layer(fails).call(call()).now_or_never();
            assert_eq!(failed.unwrap().unwrap_err(), "asked to");
        })
        .await;

    let panic = || failed(ROUTE, "500", "UNKNOWN", "panic");
    layer
        .counts(panic(), || {
            let panics = service_fn(|_| -> Ready<Result<Response<ScriptedBody>, Infallible>> {
                panic!("asked to")
            });
            let mut service = layer.metrics.layer(panics);
            unwinds(|| drop(service.call(call())));
        })
        .await;
    layer
        .counts(panic(), || {
            let panics = service_fn(|_| async { panics() });
            let mut service = layer.metrics.layer(panics);
            unwinds(|| drop(service.call(call()).now_or_never()));
        })
        .await;

    let rows: [(&[Step], _); 5] = [
        (&[Data, Panic], "panic"),
        (&[Panic], "panic"),
        (&[Data, Error], "body"),
        (&[Error], "body"),
        // It is over with its error.
        (&[Error, Status("0")], "body"),
    ];
    for (script, error) in rows {
        for response in [
            body(script),
            trailers_only("0").map(|_| ScriptedBody::new(script)),
        ] {
            layer
                .counts(failed(ROUTE, "200", "UNKNOWN", error), || {
                    let body = layer.respond(call(), response).into_body();
                    let _ = catch_unwind(AssertUnwindSafe(|| read(body)));
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_drop_is_cancelled() {
    let layer = proven().await;
    let in_head = || cancelled(ROUTE, "499", "head");
    layer.counts(in_head(), || drop(layer.never(call()))).await;
    layer
        .counts(in_head(), || {
            let mut future = layer.never(call());
            assert!((&mut future).now_or_never().is_none());
        })
        .await;

    let in_body = || cancelled(ROUTE, "200", "body");
    layer
        .counts(in_body(), || drop(layer.respond(call(), body(&[Data]))))
        .await;
    layer
        .counts(in_body(), || layer.answer(body(&[Data, Data])))
        .await;
    // Whatever its head said, it did not get to its end.
    let response = trailers_only("0").map(|_| ScriptedBody::new(&[Data]));
    layer.counts(in_body(), || layer.answer(response)).await;
    let response = head(503).body(ScriptedBody::new(&[Data])).unwrap();
    let expected = cancelled(ROUTE, "503", "body");
    layer.counts(expected, || layer.answer(response)).await;
}

#[tokio::test]
async fn a_code_of_the_service_is_none_of_the_clients_leaving() {
    let layer = proven().await;
    let expected = complete(ROUTE, "200", "CANCELLED");
    layer
        .counts(expected, || layer.answer(body(&[Data, Status("1")])))
        .await;
}
