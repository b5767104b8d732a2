//! gRPC, as far as a layer sees it: content types, and the status in the trailers or in the head.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;

const GRPC: (axum::http::HeaderName, &str) = (CONTENT_TYPE, "application/grpc");
/// A message without content.
const EMPTY: Bytes = Bytes::from_static(&[0; 5]);

/// `Pay` is OK, `Fail` is not, `List` takes its time, and no other method is known.
pub(super) async fn call(Path(method): Path<String>) -> Response {
    match &*method {
        "Pay" => answer("0", 1).await,
        "Fail" => answer("13", 0).await,
        "List" => answer("0", 10).await,
        _ => ([GRPC], [("grpc-status", "12")]).into_response(),
    }
}

async fn answer(status: &'static str, messages: usize) -> Response {
    let messages = stream::repeat(())
        .take(messages)
        .then(move |()| async move {
            if messages > 1 {
                sleep(Duration::from_millis(10)).await;
            }
            Ok::<_, Infallible>(Frame::data(EMPTY))
        });
    let trailers = HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static(status),
    )]);
    let trailers = stream::once(async { Ok(Frame::trailers(trailers)) });
    let body = Body::new(StreamBody::new(messages.chain(trailers)));
    ([GRPC], body).into_response()
}
