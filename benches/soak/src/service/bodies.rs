//! Bodies of responses.

use axum::{
    body::Body,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use std::{convert::Infallible, io, panic::resume_unwind, time::Duration};
use tokio::time::sleep;

const CHUNK: Bytes = Bytes::from_static(&[b'x'; 8 * 1024]);

fn chunks(count: usize) -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::repeat_with(|| Ok(CHUNK)).take(count)
}

fn dripping(chunk: &'static str, every: Duration) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::repeat(()).then(move |()| async move {
        sleep(every).await;
        Ok(Bytes::from_static(chunk.as_bytes()))
    })
}

/// As a file is sent: it says how long it is by its header alone.
pub(super) async fn file() -> Response {
    let length = [(CONTENT_LENGTH, 8 * CHUNK.len())];
    (length, Body::from_stream(chunks(8))).into_response()
}

/// It does not say how long it is.
pub(super) async fn export() -> Body {
    Body::from_stream(chunks(4))
}

pub(super) async fn slow() -> Body {
    Body::from_stream(dripping("drop", Duration::from_millis(10)).take(10))
}

/// It never ends by itself.
pub(super) async fn events() -> Response {
    let events = dripping("data: tick\n\n", Duration::from_millis(100));
    let content_type = [(CONTENT_TYPE, "text/event-stream")];
    (content_type, Body::from_stream(events)).into_response()
}

pub(super) async fn broken() -> Body {
    let error = stream::once(async { Err(io::Error::other("broken")) });
    Body::from_stream(chunks(1).chain(error))
}

pub(super) async fn panicking() -> Body {
    let panic = stream::once(async { panic_silently() });
    Body::from_stream(chunks(1).chain(panic))
}

/// Without a line on standard error: there are many of them.
pub(super) fn panic_silently() -> ! {
    resume_unwind(Box::new("a panic of the soak's"))
}
