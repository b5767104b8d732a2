use super::{
    Counts, WitnessedBody,
    request::{Ending, WitnessedRequest},
};
use axum::http::{Request, Response};
use futures_util::future::BoxFuture;
use http_body::Body;
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};

#[derive(Clone, Debug)]
pub(in crate::service) struct WitnessLayer {
    counts: Arc<Counts>,
    part: &'static str,
}

impl WitnessLayer {
    pub(in crate::service) fn new(counts: &Arc<Counts>, part: &'static str) -> Self {
        Self {
            counts: counts.clone(),
            part,
        }
    }
}

impl<S> Layer<S> for WitnessLayer {
    type Service = Witness<S>;

    fn layer(&self, inner: S) -> Witness<S> {
        Witness {
            inner,
            layer: self.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::service) struct Witness<S> {
    inner: S,
    layer: WitnessLayer,
}

impl<S, B, R> Service<Request<B>> for Witness<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: Body,
{
    type Response = Response<WitnessedBody<R>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut witnessed = WitnessedRequest::new(&self.layer.counts, self.layer.part, &request);
        let response = self.inner.call(request);
        Box::pin(async move {
            let result = response.await;
            if result.is_err() {
                witnessed.end(Ending::ServiceFailed);
            }
            let (head, body) = result?.into_parts();
            let body = WitnessedBody::new(body, &head, witnessed);
            Ok(Response::from_parts(head, body))
        })
    }
}
