//! A receiver in process, which answers as it is told to.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message;
use std::{
    collections::VecDeque,
    future::pending,
    io,
    sync::{Arc, Mutex},
};
use tokio::time::Instant;
use tower::{Service, service_fn};
use tower_red::OtlpBody;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) uri: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) time: Instant,
    /// Whether the receiver took it.
    pub(super) is_taken: bool,
}

impl Received {
    pub(super) fn message(&self) -> ExportMetricsServiceRequest {
        ExportMetricsServiceRequest::decode(&*self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Take,
    /// That many points are not taken, for that reason.
    Partly(i64, &'static str),
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    /// The connection breaks before there is a response.
    Break,
    /// The connection breaks in the middle of the response, to a request that was taken.
    BreakInBody,
    /// There is no response.
    Never,
}

/// A receiver that answers as its script says, and takes everything once that is over.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    script: Arc<Mutex<VecDeque<Reply>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub(super) fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        let received = Arc::default();
        Self { script, received }
    }

    pub(super) fn client(&self) -> impl Client + use<> {
        let receiver = self.clone();
        service_fn(move |request| receiver.clone().answer(request))
    }

    /// What came since it was last asked.
    pub(super) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }

    fn answer(self, request: Request<OtlpBody>) -> BoxFuture<'static, io::Result<Answer>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let reply = self.script.lock().unwrap().pop_front();
            let reply = reply.unwrap_or(Reply::Take);
            let received = Received {
                uri: head.uri.to_string(),
                headers: head.headers,
                body: body.collect().await.unwrap().to_bytes(),
                time: Instant::now(),
                is_taken: matches!(reply, Reply::Take | Reply::Partly(..) | Reply::BreakInBody),
            };
            self.received.lock().unwrap().push(received);
            reply.into_response().await
        })
    }
}

pub(super) type Answer = Response<BoxBody<Bytes, io::Error>>;

/// What is given to [`OtlpBuilder::client`](tower_red::OtlpBuilder::client).
pub(super) trait Client:
    Service<Request<OtlpBody>, Response = Answer, Error = io::Error, Future: Send> + Send + 'static
{
}

impl<S> Client for S where
    S: Service<Request<OtlpBody>, Response = Answer, Error = io::Error, Future: Send>
        + Send
        + 'static
{
}

impl Reply {
    async fn into_response(self) -> io::Result<Answer> {
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        let mut response = match self {
            Self::Take | Self::Partly(..) | Self::Status(..) => Response::new(self.body()),
            Self::Break => return Err(broken()),
            Self::BreakInBody => {
                let broken = tokio_stream::iter([Err(broken())]);
                Response::new(BodyExt::boxed(StreamBody::new(broken)))
            }
            Self::Never => return pending().await,
        };
        if let Self::Status(status, headers, _) = self {
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            for (name, value) in headers {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
        }
        Ok(response)
    }

    fn body(&self) -> BoxBody<Bytes, io::Error> {
        let bytes = match self {
            Self::Partly(rejected, message) => ExportMetricsServiceResponse {
                partial_success: Some(ExportMetricsPartialSuccess {
                    rejected_data_points: *rejected,
                    error_message: (*message).to_owned(),
                }),
            }
            .encode_to_vec(),
            Self::Status(_, _, text) => text.as_bytes().to_vec(),
            _ => Vec::new(),
        };
        Full::from(bytes).map_err(|never| match never {}).boxed()
    }
}
