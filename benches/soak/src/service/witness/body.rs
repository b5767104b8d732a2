use super::request::{Ending, WitnessedRequest};
use axum::http::response::Parts;
use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    #[derive(Debug)]
    pub(in crate::service) struct WitnessedBody<B> {
        #[pin]
        inner: B,
        request: WitnessedRequest,
        // Bytes that were declared and have not passed.
        missing: Option<u64>,
    }
}

impl<B: Body> WitnessedBody<B> {
    pub(super) fn new(inner: B, head: &Parts, mut request: WitnessedRequest) -> Self {
        request.answered(head.status.as_u16());
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let length = || header("content-length").and_then(|length| length.parse().ok());
        let missing = inner.size_hint().exact().or_else(length);
        let content_type = header("content-type").unwrap_or_default();
        request.is_stream = missing.is_none() && content_type.starts_with("text/event-stream");
        request.grpc_status = header("grpc-status").map(code);
        if request.has_no_body() || missing == Some(0) || inner.is_end_stream() {
            request.end(Ending::Complete);
        }
        Self {
            inner,
            request,
            missing,
        }
    }
}

impl<B: Body> Body for WitnessedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        let ending = match &frame {
            None => Some(Ending::Complete),
            Some(Err(_)) => Some(Ending::BodyFailed),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let passed = data.remaining() as u64;
                    *this.missing = this.missing.map(|missing| missing.saturating_sub(passed));
                }
                let trailers = frame.trailers_ref();
                let status =
                    trailers.and_then(|trailers| trailers.get("grpc-status")?.to_str().ok());
                this.request.grpc_status = status.map(code).or(this.request.grpc_status);
                let ended =
                    frame.is_trailers() || *this.missing == Some(0) || this.inner.is_end_stream();
                ended.then_some(Ending::Complete)
            }
        };
        if let Some(ending) = ending {
            this.request.end(ending);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The names of the codes that this service answers with.
fn code(number: &str) -> &'static str {
    match number {
        "0" => "OK",
        "12" => "UNIMPLEMENTED",
        "13" => "INTERNAL",
        _ => "UNKNOWN",
    }
}
