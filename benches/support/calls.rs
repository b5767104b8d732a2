//! Unary gRPC calls, and the answer to them.

use super::serve::serve;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use std::{
    convert::Infallible,
    future::{Ready, ready},
};
use tower::Service;

/// Makes that many unary gRPC calls of one method, each served by a clone.
pub(crate) fn drive_calls<S, B>(service: &S, calls: usize)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body,
{
    for _ in 0..calls {
        let call = Request::post("/shop.Orders/Place")
            .header("te", "trailers")
            .header("content-type", "application/grpc")
            .header("user-agent", "a client")
            .header("grpc-timeout", "5S");
        serve(&mut service.clone(), call.body(Body::empty()).unwrap());
    }
}

/// Answers a gRPC call with a message and a status in the trailers.
pub(crate) fn answer_call(
    _: Request<Body>,
) -> Ready<Result<Response<impl http_body::Body + use<>>, Infallible>> {
    let trailers = HeaderMap::from_iter([(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let message = Full::new(Bytes::from_static(b"\0\0\0\0\x06answer"));
    let body = message.with_trailers(ready(Some(Ok(trailers))));
    let response = Response::builder().header("content-type", "application/grpc");
    ready(Ok(response.body(body).unwrap()))
}
