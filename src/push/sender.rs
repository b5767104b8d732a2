use super::{
    OtlpBody, OtlpProtocol, grpc, gzip::gzip, http as protobuf, transport::Transport,
    verdict::Verdict,
};
use crate::{ExportError, format::otlp::Chunks};
use http::{HeaderMap, Method, Request, Uri};
use std::{error::Error, time::Duration};

/// Sends requests to a receiver.
pub(super) struct Sender {
    pub(super) client: Box<dyn Transport>,
    pub(super) protocol: OtlpProtocol,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    pub(super) is_gzip: bool,
}

impl Sender {
    /// Sends a request once.
    pub(super) async fn send(&mut self, message: Chunks) -> Verdict {
        let body = match self.is_gzip {
            false => OtlpBody::new(message),
            true => OtlpBody::new(gzip(message).await.map_err(|error| no_response(&error))?),
        };
        let mut request = Request::new(OtlpBody::default());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let headers = request.headers_mut();
        let body = match self.protocol {
            OtlpProtocol::HttpProtobuf => protobuf::prepare(headers, body, self.is_gzip),
            OtlpProtocol::Grpc => grpc::prepare(headers, body, self.is_gzip, self.timeout),
        };
        let request = request.map(|_| body);
        let answer = tokio::time::timeout(self.timeout, self.client.send(request)).await;
        let answer = answer.map_err(|_| ExportError::Timeout)?;
        let answer = answer.map_err(|error| no_response(&*error))?;
        match self.protocol {
            OtlpProtocol::HttpProtobuf => protobuf::judge(&answer),
            OtlpProtocol::Grpc => grpc::judge(&answer),
        }
    }
}

/// With all causes, since clients tend to say no more than that there was an error.
fn no_response(error: &(dyn Error + 'static)) -> ExportError {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    ExportError::Connection { message }
}
