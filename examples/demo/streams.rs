//! Answers that take their time: late heads, and bodies that come in chunks.

use axum::{
    body::Body,
    extract::{Query, Request},
    http::header::CONTENT_LENGTH,
    response::{
        IntoResponse,
        sse::{Event, Sse},
    },
};
use serde::Deserialize;
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt};

#[derive(Deserialize)]
pub(crate) struct Size {
    bytes: Option<u64>,
    chunks: Option<u64>,
    count: Option<u64>,
    ms: Option<u64>,
}

impl Size {
    /// All of them bounded, so that a number too many does not keep a connection for years.
    fn chunks(&self) -> u64 {
        self.chunks.unwrap_or(5).min(10_000)
    }

    fn bytes(&self) -> u64 {
        self.bytes.unwrap_or(1_000).min(10_000_000)
    }

    fn pause(&self, default: u64) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(default).min(60_000))
    }
}

pub(crate) async fn slow(Query(size): Query<Size>) -> &'static str {
    sleep(size.pause(1_000)).await;
    "at last\n"
}

pub(crate) async fn stream(Query(size): Query<Size>) -> Body {
    let numbers = numbers(size.chunks(), size.pause(200));
    Body::from_stream(numbers.map(|n| Ok::<_, Infallible>(chunk(n))))
}

pub(crate) async fn stream_error(Query(size): Query<Size>) -> Body {
    let last = size.chunks();
    let numbers = numbers(last + 1, size.pause(200));
    Body::from_stream(numbers.map(move |n| match n {
        n if n < last => Ok(chunk(n)),
        _ => Err("the database is gone"),
    }))
}

/// A stream whose length is known before: the header says it, and the body does not.
pub(crate) async fn announced(Query(size): Query<Size>) -> impl IntoResponse {
    let (bytes, chunks) = (size.bytes(), size.chunks().max(1));
    let until = move |n: u64| (bytes * n / chunks) as usize;
    let body = numbers(chunks, size.pause(0))
        .map(move |n| Ok::<_, Infallible>(vec![b'.'; until(n + 1) - until(n)]));
    ([(CONTENT_LENGTH, bytes)], Body::from_stream(body))
}

/// Events for a browser's `EventSource`: they end when it leaves, or after `count`.
pub(crate) async fn events(
    Query(size): Query<Size>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // Never none: without an end they would take all of the machine.
    let pause = size.pause(1_000).max(Duration::from_millis(1));
    let numbers = numbers(size.count.unwrap_or(u64::MAX), pause);
    Sse::new(numbers.map(|n| Ok(Event::default().data(n.to_string()))))
}

/// Answers with what comes, while it comes.
pub(crate) async fn echo(request: Request) -> Body {
    request.into_body()
}

fn chunk(n: u64) -> String {
    format!("chunk {n}\n")
}

/// From 0 up, with a pause between them.
fn numbers(count: u64, pause: Duration) -> impl Stream<Item = u64> {
    tokio_stream::iter(0..count).then(move |n| async move {
        if n > 0 && !pause.is_zero() {
            sleep(pause).await;
        }
        n
    })
}
