//! One request, served as hyper serves it.

use axum::body::Body;
use http::{Request, Response};
use http_body::Body as _;
use std::{
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use tower::Service;

/// Serves one request whose response is there at once.
pub(crate) fn serve<S, B>(service: &mut S, request: Request<Body>)
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
