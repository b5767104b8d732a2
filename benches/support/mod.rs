//! What the benchmarks measure: a served axum router, and the layer that wraps all and does nothing.

#![allow(dead_code, unreachable_pub)]

pub mod callgrind;
mod nothing;

pub use self::nothing::NothingLayer;

use axum::{
    Router,
    body::Body,
    extract::Path,
    routing::{get, post},
};
use http::{Method, Request, Response};
use http_body::Body as _;
use std::{
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use tower::Service;

/// Thirty routes, two methods each.
const RESOURCES: usize = 15;

/// The router that all contenders are added to.
pub fn routes() -> Router {
    (0..RESOURCES).fold(Router::new(), |router, n| {
        let item = |Path(id): Path<u32>| async move { format!("item {id}") };
        router
            .route(
                &format!("/resource{n}"),
                get(|| async { "all" }).post(|| async { "made" }),
            )
            .route(&format!("/resource{n}/{{id}}"), get(item).merge(post(item)))
    })
}

/// The router as it is once it is served: with its layers applied.
pub fn served(router: Router) -> Router {
    router.with_state(())
}

/// Paths and methods that the routes match, mixed.
pub fn targets() -> Vec<(Method, String)> {
    (0..4 * RESOURCES)
        .map(|n| {
            let resource = n * 7 % RESOURCES;
            let method = if n % 3 == 0 {
                Method::POST
            } else {
                Method::GET
            };
            let path = match n % 2 {
                0 => format!("/resource{resource}"),
                _ => format!("/resource{resource}/{n}"),
            };
            (method, path)
        })
        .collect()
}

/// Sends that many requests, each served by a clone as hyper does it.
pub fn drive(router: &Router, targets: &[(Method, String)], requests: usize) {
    for (method, path) in targets.iter().cycle().take(requests) {
        let request = Request::builder().method(method).uri(path.as_str());
        serve(&mut router.clone(), request.body(Body::empty()).unwrap());
    }
}

/// Serves one request whose response is there at once.
pub fn serve<S, B>(service: &mut S, request: Request<Body>)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body,
{
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
        panic!("the response is there at once");
    };
    consume(pin!(response.into_body()), &mut cx);
}

/// Polls a body as hyper does: not again once it says that it ended.
fn consume<B: http_body::Body>(mut body: Pin<&mut B>, cx: &mut Context<'_>) {
    while !body.is_end_stream() {
        match body.as_mut().poll_frame(cx) {
            Poll::Ready(Some(Ok(_))) => {}
            _ => return,
        }
    }
}
