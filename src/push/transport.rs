use super::OtlpBody;
use bytes::{Buf, Bytes};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use std::{
    error::Error,
    future::{Future, poll_fn},
    pin::{Pin, pin},
};
use tower_service::Service;

/// The longest response that is read.
const LONGEST_RESPONSE: usize = 4 << 20;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// What a receiver answered, as a whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) trailers: HeaderMap,
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send + 'a>>;

/// A client of whatever type.
pub(super) trait Transport: Send {
    fn send(&mut self, request: Request<OtlpBody>) -> Sending<'_>;
}

impl<C, B> Transport for C
where
    C: Service<Request<OtlpBody>, Response = Response<B>> + Send,
    C::Error: Into<BoxError>,
    C::Future: Send,
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn send(&mut self, request: Request<OtlpBody>) -> Sending<'_> {
        Box::pin(async move {
            poll_fn(|cx| self.poll_ready(cx))
                .await
                .map_err(Into::into)?;
            let response = self.call(request).await.map_err(Into::into)?;
            read(response).await
        })
    }
}

async fn read<B>(response: Response<B>) -> Result<Answer, BoxError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let (head, body) = response.into_parts();
    let mut answer = Answer {
        status: head.status,
        headers: head.headers,
        body: Vec::new(),
        trailers: HeaderMap::new(),
    };
    let mut body = pin!(body);
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        match frame.map_err(Into::into)?.into_data() {
            Ok(mut data) => {
                if data.remaining() > LONGEST_RESPONSE - answer.body.len() {
                    return Err("the response is longer than 4 MiB".into());
                }
                let data: Bytes = data.copy_to_bytes(data.remaining());
                answer.body.extend_from_slice(&data);
            }
            Err(frame) => answer
                .trailers
                .extend(frame.into_trailers().ok().into_iter().flatten()),
        }
    }
    Ok(answer)
}
