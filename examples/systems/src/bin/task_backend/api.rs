use crate::{
    cache::Cache,
    kind::Kind,
    queue::{Queue, Task},
    tools::Tools,
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use rusqlite::OptionalExtension;
use tower_red_systems::{Database, Problem};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE tasks (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL);
";

#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) database: Database,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) tools: Tools,
}

pub(crate) fn router(backend: Backend) -> Router {
    Router::new()
        .route("/tasks", post(create))
        .route("/tasks/{id}", get(show))
        .route("/tools/{tool}", post(run))
        .with_state(backend)
}

/// The body is the kind of the task, and that of the response its number.
async fn create(
    State(backend): State<Backend>,
    kind: String,
) -> Result<(StatusCode, String), Problem> {
    let kind = Kind::named(&kind).ok_or(Problem::INVALID)?;
    // Before the database knows it: there it would wait for ever.
    let full = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "queue_full");
    let place = backend.queue.reserve().ok_or(full)?;
    let insert = backend.database.run("insert", "tasks", move |database| {
        let query = "INSERT INTO tasks (kind, state) VALUES (?, 'waiting')";
        database.execute(query, [kind.name()])?;
        Ok(database.last_insert_rowid())
    });
    let id = insert.await?;
    place.fill(Task { id, kind });
    Ok((StatusCode::ACCEPTED, id.to_string()))
}

/// The state of a task: `waiting`, `done` or `failed`.
async fn show(State(backend): State<Backend>, Path(id): Path<i64>) -> Result<String, Problem> {
    if let Some(state) = backend.cache.get(id) {
        return Ok(state);
    }
    let select = backend.database.run("select", "tasks", move |database| {
        let query = "SELECT state FROM tasks WHERE id = ?";
        let state = database.query_row(query, [id], |row| row.get::<_, String>(0));
        state.optional()
    });
    let state = select.await?.ok_or(Problem::NOT_FOUND)?;
    // What waits will change.
    if state != "waiting" {
        backend.cache.put(id, state.clone());
    }
    Ok(state)
}

/// The body is the text that a tool works on.
async fn run(
    State(backend): State<Backend>,
    Path(tool): Path<String>,
    text: String,
) -> Result<String, Problem> {
    backend.tools.run(&tool, &text)
}
