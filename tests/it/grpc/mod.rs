//! gRPC, row by row: what is a call, which status it has, whose fault that is, and which route it is of.
//!
//! Responses are made by hand, since no server would make most of them. What a real one makes is in
//! `tonic`. Each test compares all that changed between two scrapes: what is not named did not change.

mod calls_allocate_nothing;
mod calls_are_told_from_requests;
mod deadlines_are_exceeded_by_drops;
mod every_way_a_call_ends;
mod routes_are_proven;
mod status_is_that_of_the_trailers;

use crate::support::{
    Scrape, ScriptedBody, Step, TestLayer,
    grpc::{CODES, complete},
};
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
};
use tower_red::{MetricsLayer, MetricsLayerBuilder};

const ROUTE: &str = "/pkg.Svc/Method";

fn layered(configure: impl FnOnce(MetricsLayerBuilder) -> MetricsLayerBuilder) -> TestLayer {
    TestLayer::new(configure(MetricsLayer::builder()))
}

/// That has seen a call to [`ROUTE`] that was OK, and so counts what comes under it.
async fn proven() -> TestLayer {
    let layer = layered(|builder| builder);
    layer.answer(trailers_only("0"));
    let all = layer.scrape().await.since(&Scrape::default());
    assert_eq!(all, complete(ROUTE, "200", "OK"));
    layer
}

impl TestLayer {
    /// A call to [`ROUTE`] that is answered so and read to its end, or until it waits, and dropped there.
    fn answer(&self, response: Response<ScriptedBody>) {
        read(self.respond(call(), response).into_body());
    }
}

/// Of a call to [`ROUTE`].
const IN_FLIGHT: &str = r#"http_requests_in_flight{method="POST",route="/pkg.Svc/Method"}"#;

fn call() -> Request<()> {
    call_to(ROUTE)
}

fn call_to(path: &str) -> Request<()> {
    let request = Request::post(path).header("content-type", "application/grpc");
    request.header("te", "trailers").body(()).unwrap()
}

fn within(timeout: &'static str) -> Request<()> {
    let mut request = call();
    let timeout = HeaderValue::from_static(timeout);
    request.headers_mut().insert("grpc-timeout", timeout);
    request
}

fn head(status: u16) -> http::response::Builder {
    let head = Response::builder().status(status);
    head.header("content-type", "application/grpc")
}

/// What a service answers that has nothing to send but a status.
fn trailers_only(number: &str) -> Response<ScriptedBody> {
    head(200)
        .header("grpc-status", number)
        .body(ScriptedBody::empty())
        .unwrap()
}

fn body(script: &[Step]) -> Response<ScriptedBody> {
    head(200).body(ScriptedBody::new(script)).unwrap()
}

/// The codes with their numbers.
fn numbered() -> impl Iterator<Item = (&'static str, &'static str)> {
    let numbers = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    ];
    numbers.into_iter().zip(CODES)
}

fn read<B: http_body::Body + Unpin>(mut body: B) {
    while let Some(Some(Ok(_))) = body.frame().now_or_never() {}
}

fn unwinds(what: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(what)).is_err());
}

fn panics() -> Result<Response<ScriptedBody>, Infallible> {
    panic!("asked to")
}
