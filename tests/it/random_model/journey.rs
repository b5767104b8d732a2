//! What happens to a request: its service, its body, and who reads it.

use super::case::{Answer, Case, Hint, Panics, Script, Step, Use};
use crate::support::TestLayer;
use bytes::Buf;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};
use tower::{Layer, Service, service_fn};
use tower_red::{MetricsLayer, RouteTemplate};

/// A layer of which requests are made from within others, and how many.
#[derive(Clone)]
pub(super) struct Inner(pub(super) MetricsLayer, pub(super) Arc<AtomicU64>);

impl Inner {
    fn request(&self) {
        let respond = service_fn(|_| ready(Ok::<_, Infallible>(Response::new(String::new()))));
        let response = self.0.layer(respond).call(Request::new(()));
        drop(response.now_or_never());
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

struct ModelBody(Script, Inner);

struct Data(usize, bool);

impl Buf for Data {
    fn remaining(&self) -> usize {
        match self.1 {
            true => unwind(),
            false => self.0,
        }
    }

    fn chunk(&self) -> &[u8] {
        &[]
    }

    fn advance(&mut self, _: usize) {}
}

/// Panics without a word.
fn unwind() -> ! {
    resume_unwind(Box::new(()))
}

impl Body for ModelBody {
    type Data = Data;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Data>, &'static str>>> {
        Poll::Ready(match self.0.next() {
            Step::Data(bytes) => Some(Ok(Frame::data(Data(bytes, false)))),
            Step::BadData => Some(Ok(Frame::data(Data(0, true)))),
            Step::Trailers(code) => {
                let code = code.map(|(number, ..)| ("grpc-status", number));
                let trailers =
                    code.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
                Some(Ok(Frame::trailers(HeaderMap::from_iter(trailers))))
            }
            Step::End => None,
            Step::Error => Some(Err("error")),
            Step::Panic => unwind(),
            Step::Wait => return Poll::Pending,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream().unwrap_or_else(|Panics| unwind())
    }

    fn size_hint(&self) -> SizeHint {
        match self.0.hint {
            Hint::Unknown => SizeHint::default(),
            Hint::Exact(bytes) => SizeHint::with_exact(bytes),
            Hint::Panics => unwind(),
        }
    }
}

impl Drop for ModelBody {
    fn drop(&mut self) {
        self.1.request();
    }
}

impl Case {
    fn request(&self) -> Request<()> {
        let mut request = Request::builder().method(self.method).uri(self.path.0);
        if let Some(content_type) = self.content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(millis) = self.timeout {
            request = request.header("grpc-timeout", format!("{millis}m"));
        }
        if let Some(template) = self.template {
            request = request.extension(RouteTemplate::new(template));
        }
        for (name, value) in self.said.of_request() {
            request = request.header(name, value);
        }
        let request = request.version(self.said.version.0);
        request.body(()).unwrap()
    }

    fn response(&self, inner: &Inner) -> Response<ModelBody> {
        let mut response = Response::builder().status(self.status);
        if let Some(template) = self.overrule {
            response = response.extension(RouteTemplate::new(template));
        }
        if let Some(content_type) = self.answer_type {
            response = response.header("content-type", content_type);
        }
        for length in self.lengths {
            response = response.header("content-length", *length);
        }
        if let Some((number, ..)) = self.code {
            response = response.header("grpc-status", number);
        }
        if let Some((name, value)) = self.said.of_response() {
            response = response.header(name, value);
        }
        let response = response.version(self.said.version.0);
        let body = ModelBody(self.script.clone(), inner.clone());
        response.body(body).unwrap()
    }

    pub(super) fn run(&self, layer: &TestLayer, inner: &Inner) {
        let service = service_fn(|_: Request<()>| {
            inner.request();
            if self.answer == Answer::PanicsInCall {
                unwind();
            }
            async {
                match self.answer {
                    Answer::PanicsInPoll => unwind(),
                    Answer::Fails => Err("error"),
                    Answer::Never => pending().await,
                    _ => Ok(self.response(inner)),
                }
            }
        });
        let mut service = layer.metrics.layer(service);
        let Ok(future) = caught(|| service.call(self.request())) else {
            return;
        };
        let mut future = Box::pin(future);
        layer.clock.advance(Duration::from_millis(self.before));
        let Ok(Some(Ok(response))) = caught(|| future.as_mut().now_or_never()) else {
            return;
        };
        drop(future);
        let mut body = response.into_body();
        layer.clock.advance(Duration::from_millis(self.after));
        for how in &self.uses {
            let mut cx = Context::from_waker(Waker::noop());
            let _ = caught(|| match how {
                Use::Poll => drop(Pin::new(&mut body).poll_frame(&mut cx)),
                Use::AskForEnd => drop(body.is_end_stream()),
                Use::AskForSize => drop(body.size_hint()),
            });
        }
        if self.dropped_elsewhere {
            thread::spawn(|| drop(body)).join().unwrap();
        }
    }
}

fn caught<T>(run: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(run))
}
