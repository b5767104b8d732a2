//! A body that does what its script says.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

/// A body that does what its script says, and then waits for ever.
#[derive(Debug, Default)]
pub(crate) struct ScriptedBody {
    steps: VecDeque<Step>,
    /// What `is_end_stream` says.
    pub(crate) ended: Arc<AtomicBool>,
    /// What `size_hint` says, if it is to say anything in particular.
    pub(crate) hint: Option<SizeHint>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Data,
    /// That many bytes.
    Bytes(usize),
    /// Data, and from then on `is_end_stream`.
    LastData,
    /// Trailers without a `grpc-status`.
    Trailers,
    /// Trailers with that `grpc-status`.
    Status(&'static str),
    /// These trailers.
    Given(HeaderMap),
    End,
    Error,
    Panic,
}

impl ScriptedBody {
    pub(crate) fn new(steps: &[Step]) -> Self {
        Self {
            steps: steps.iter().cloned().collect(),
            ended: Arc::default(),
            hint: None,
        }
    }

    /// That says so before it is polled.
    pub(crate) fn empty() -> Self {
        let body = Self::new(&[Step::End]);
        body.ended.store(true, Ordering::Relaxed);
        body
    }
}

/// Reads a body to its end, or until it fails or has to be waited for.
pub(crate) fn read<B: http_body::Body + Unpin>(mut body: B) {
    while let Some(Some(Ok(_))) = body.frame().now_or_never() {}
}

impl http_body::Body for ScriptedBody {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let data = || Frame::data(Bytes::from_static(b"data"));
        let trailers = |name: &str, value| {
            let trailers = [(name.parse().unwrap(), HeaderValue::from_static(value))];
            Frame::trailers(HeaderMap::from_iter(trailers))
        };
        let Some(step) = self.steps.pop_front() else {
            return Poll::Pending;
        };
        Poll::Ready(match step {
            Step::Data => Some(Ok(data())),
            Step::Bytes(count) => Some(Ok(Frame::data(vec![b'.'; count].into()))),
            Step::LastData => {
                self.ended.store(true, Ordering::Relaxed);
                Some(Ok(data()))
            }
            Step::Trailers => Some(Ok(trailers("grpc-message", "0"))),
            Step::Status(number) => Some(Ok(trailers("grpc-status", number))),
            Step::Given(trailers) => Some(Ok(Frame::trailers(trailers))),
            Step::End => None,
            Step::Error => Some(Err("scripted error")),
            Step::Panic => panic!("scripted panic"),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Else neither exact nor unknown, and another one after each frame.
    fn size_hint(&self) -> SizeHint {
        if let Some(hint) = self.hint {
            return hint;
        }
        let left = self.steps.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(left);
        hint.set_upper(left + 100);
        hint
    }
}
