use super::{
    ExpositionBody, ScrapeError,
    coding::VARY,
    scrape::{Progress, Scrape},
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// Response future of [`Exposition`](crate::Exposition).
///
/// It waits for the scrapes before it, then writes in pieces, and lets the runtime go on with other work
/// between them. While it is neither polled nor dropped, those after it wait.
#[must_use = "futures do nothing unless polled"]
pub struct ExpositionFuture {
    state: State,
    /// For `HEAD`: the same head, and no body.
    head_only: bool,
}

enum State {
    Scraping(Box<Scrape>),
    NotAllowed,
    Disabled,
    Done,
}

impl ExpositionFuture {
    pub(super) fn scrape(scrape: Scrape, head_only: bool) -> Self {
        Self {
            state: State::Scraping(Box::new(scrape)),
            head_only,
        }
    }

    pub(super) fn disabled(head_only: bool) -> Self {
        Self {
            state: State::Disabled,
            head_only,
        }
    }

    pub(super) fn not_allowed() -> Self {
        Self {
            state: State::NotAllowed,
            head_only: false,
        }
    }
}

impl Future for ExpositionFuture {
    type Output = Result<Response<ExpositionBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match std::mem::replace(&mut self.state, State::Done) {
            State::Scraping(mut scrape) => {
                if scrape.poll_turn(cx).is_pending() {
                    self.state = State::Scraping(scrape);
                    return Poll::Pending;
                }
                let content_type = scrape.order().dialect.content_type();
                let coding = scrape.order().coding;
                match scrape.work() {
                    Ok(Progress::More(scrape)) => {
                        self.state = State::Scraping(scrape);
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Ok(Progress::Done(body)) => {
                        let response = respond(StatusCode::OK, content_type, body);
                        match coding.name() {
                            Some(name) => with_header(response, header::CONTENT_ENCODING, name),
                            None => response,
                        }
                    }
                    Err(error) => refuse(error),
                }
            }
            State::NotAllowed => {
                let text = String::from("metrics are read with GET or HEAD\n");
                with_header(
                    plain(StatusCode::METHOD_NOT_ALLOWED, text),
                    header::ALLOW,
                    "GET, HEAD",
                )
            }
            State::Disabled => {
                let text = String::from("metrics are disabled\n");
                plain(StatusCode::SERVICE_UNAVAILABLE, text)
            }
            State::Done => panic!("polled after completion"),
        };
        Poll::Ready(Ok(if self.head_only {
            without_body(response)
        } else {
            response
        }))
    }
}

fn refuse(error: ScrapeError) -> Response<ExpositionBody> {
    let mut response = plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"));
    response.extensions_mut().insert(error);
    response
}

fn plain(status: StatusCode, text: String) -> Response<ExpositionBody> {
    respond(
        status,
        "text/plain; charset=utf-8",
        ExpositionBody::whole(text),
    )
}

fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: ExpositionBody,
) -> Response<ExpositionBody> {
    let length = body.len();
    let mut response = with_header(Response::new(body), header::CONTENT_TYPE, content_type);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length.into());
    with_header(response, header::VARY, VARY)
}

fn with_header(
    mut response: Response<ExpositionBody>,
    name: HeaderName,
    value: &'static str,
) -> Response<ExpositionBody> {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

fn without_body(response: Response<ExpositionBody>) -> Response<ExpositionBody> {
    response.map(|_| ExpositionBody::default())
}

impl fmt::Debug for ExpositionFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpositionFuture").finish_non_exhaustive()
    }
}
