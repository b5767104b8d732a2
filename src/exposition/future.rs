use super::{ExpositionBody, response};
use http::Response;
use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Response future of [`Exposition`](crate::Exposition), and of its page.
///
/// It waits for the scrapes before it. Then it works in short stretches, and the runtime does other work in between.
/// The scrapes after it wait until it is polled to its end or dropped.
#[must_use = "futures do nothing unless polled"]
pub struct ExpositionFuture {
    state: State,
    /// For `HEAD`: the same head, and no body.
    head_only: bool,
}

enum State {
    Scraping(Pin<Box<dyn Future<Output = Response<ExpositionBody>> + Send>>),
    Answered(Option<Box<Response<ExpositionBody>>>),
}

impl ExpositionFuture {
    pub(crate) fn scraping(
        scrape: impl Future<Output = Response<ExpositionBody>> + Send + 'static,
        head_only: bool,
    ) -> Self {
        Self {
            state: State::Scraping(Box::pin(scrape)),
            head_only,
        }
    }

    pub(crate) fn answered(response: Response<ExpositionBody>, head_only: bool) -> Self {
        Self {
            state: State::Answered(Some(Box::new(response))),
            head_only,
        }
    }
}

impl Future for ExpositionFuture {
    type Output = Result<Response<ExpositionBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match &mut self.state {
            State::Scraping(scrape) => {
                let response = ready!(scrape.as_mut().poll(cx));
                self.state = State::Answered(None);
                response
            }
            State::Answered(response) => *response.take().expect("polled after completion"),
        };
        Poll::Ready(Ok(match self.head_only {
            true => response::without_body(response),
            false => response,
        }))
    }
}

impl fmt::Debug for ExpositionFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpositionFuture").finish_non_exhaustive()
    }
}
