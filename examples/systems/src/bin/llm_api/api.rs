use crate::{
    metrics::ChatMetrics,
    model::{Answer, ModelError, Models},
    sockets::{self, Sockets},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::sse::{Event, Sse},
    routing::{get, post},
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tower_red_systems::Problem;

#[derive(Clone)]
pub(crate) struct Chat {
    pub(crate) models: Models,
    pub(crate) sockets: Sockets,
    pub(crate) metrics: ChatMetrics,
    /// The number of the last conversation.
    pub(crate) conversations: Arc<AtomicU64>,
}

pub(crate) fn router(chat: Chat) -> Router {
    Router::new()
        .route("/v1/models", get(async || Models::names().join("\n")))
        .route("/v1/conversations", post(converse))
        .route("/v1/conversations/{id}/escalate", post(escalate))
        .route("/v1/models/{model}/complete", post(complete))
        .route("/v1/models/{model}/stream", post(stream))
        .route("/v1/socket", get(sockets::upgrade))
        .with_state(chat)
}

/// The body of the response is the conversation's number.
async fn converse(State(chat): State<Chat>) -> (StatusCode, String) {
    let last = chat.conversations.fetch_add(1, Ordering::Relaxed);
    chat.metrics.conversations.inc();
    (StatusCode::CREATED, (last + 1).to_string())
}

/// A person takes over.
async fn escalate(State(chat): State<Chat>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    match (1..=chat.conversations.load(Ordering::Relaxed)).contains(&id) {
        true => {
            chat.metrics.escalations.inc();
            Ok(StatusCode::ACCEPTED)
        }
        false => Err(Problem::NOT_FOUND),
    }
}

/// The body is a prompt, and that of the response the whole answer.
async fn complete(
    State(chat): State<Chat>,
    Path(model): Path<String>,
    prompt: String,
) -> Result<String, Problem> {
    let answer = chat.models.ask(&model, &prompt)?;
    let tokens: Vec<String> = answer.try_collect().await.map_err(problem)?;
    Ok(tokens.join(" "))
}

/// The same as an event for each token. An error before the first of them is still a status, and a later one an event.
async fn stream(
    State(chat): State<Chat>,
    Path(model): Path<String>,
    prompt: String,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let mut answer = chat.models.ask(&model, &prompt)?;
    let first = answer.next().await.transpose().map_err(problem)?;
    Ok(Sse::new(events(first, answer)))
}

fn events(first: Option<String>, rest: Answer) -> impl Stream<Item = Result<Event, Infallible>> {
    let tokens = stream::iter(first).map(Ok).chain(rest);
    tokens.map(|token| {
        Ok(match token {
            Ok(token) => Event::default().data(token),
            Err(error) => Event::default().event("error").data(error.kind()),
        })
    })
}

fn problem(error: ModelError) -> Problem {
    let status = match error {
        ModelError::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        ModelError::Broken => StatusCode::BAD_GATEWAY,
    };
    Problem::new(status, error.kind())
}
