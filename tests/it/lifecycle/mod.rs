//! Every request is counted exactly once, however it ends, and is in flight no longer.
//!
//! Each test compares all that changed between two scrapes: what is not named did not change.

mod cancelled_when_dropped;
mod complete_with_the_last_frame;
mod counted_once;
mod failed_for_one_reason;
mod in_flight_until_the_end;

use crate::support::{
    ScriptedBody, Step,
    counted::{cancelled, failed},
    respond,
    server::{Client, PROTOCOLS, Protocol, Server},
};
use axum::{
    body::Body,
    response::Response,
    routing::{MethodRouter, get},
};
use http::StatusCode;
use std::sync::Arc;
use tokio::sync::mpsc;
use tower_red::{MetricsLayer, ResponseBody};

/// A route that answers with a body that does what its script says, and then waits for ever.
fn answers(status: u16, script: &'static [Step]) -> MethodRouter {
    let status = StatusCode::from_u16(status).unwrap();
    get(move || async move { (status, Body::new(ScriptedBody::new(script))) })
}

/// A route that answers with what it is handed.
fn handed() -> (mpsc::UnboundedSender<Response>, MethodRouter) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let handler = move || async move { receiver.lock().await.recv().await.unwrap() };
    (sender, get(handler))
}

async fn panics() {
    // Not in the first poll.
    tokio::task::yield_now().await;
    panic!("asked to")
}

fn hold(metrics: &MetricsLayer, status: u16, script: &[Step]) -> ResponseBody<ScriptedBody> {
    let response = Response::builder()
        .status(status)
        .body(ScriptedBody::new(script));
    respond(metrics, response.unwrap()).into_body()
}
