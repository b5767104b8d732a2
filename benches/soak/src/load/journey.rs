use crate::client::{AnyError, Body};
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming};
use std::{future::Future, time::Duration};
use tokio::time::timeout;

/// A request, and how long its client waits for what comes back.
pub(super) struct Journey {
    pub(super) request: Request<Body>,
    pub(super) patience: Patience,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// Until all has come.
    All,
    /// That long for all of it, which is shorter than the service takes.
    For(Duration),
    /// For the head and one frame.
    OneFrame,
}

/// What the client has of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    Answered,
    /// By the client: over HTTP/1.1 the connection is of no use any more.
    Left,
}

impl Patience {
    pub(super) async fn wait(
        self,
        response: impl Future<Output = hyper::Result<Response<Incoming>>>,
    ) -> Result<Outcome, AnyError> {
        let read = async {
            let mut body = response.await?.into_body();
            while let Some(frame) = body.frame().await {
                frame?;
                if matches!(self, Self::OneFrame) {
                    return Ok(Outcome::Left);
                }
            }
            Ok(Outcome::Answered)
        };
        match self {
            Self::For(limit) => timeout(limit, read).await.unwrap_or(Ok(Outcome::Left)),
            Self::All | Self::OneFrame => read.await,
        }
    }
}
