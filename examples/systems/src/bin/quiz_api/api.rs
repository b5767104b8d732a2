use crate::metrics::QuizMetrics;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use rusqlite::{ErrorCode, OptionalExtension};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tower_red_systems::{Database, Problem};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY, user INTEGER NOT NULL, active INTEGER NOT NULL, touched INTEGER NOT NULL
    );
    CREATE TABLE questions (
        id INTEGER PRIMARY KEY, session INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, given INTEGER
    );
    CREATE INDEX questions_of_session ON questions (session);
";
/// Questions in a session.
const QUESTIONS: i64 = 3;

#[derive(Clone)]
pub(crate) struct Quiz {
    pub(crate) database: Database,
    pub(crate) metrics: QuizMetrics,
}

pub(crate) fn router(quiz: Quiz) -> Router {
    Router::new()
        .route("/v1/users", post(register))
        .route("/v1/users/{id}/sessions", post(start))
        .route("/v1/sessions/{id}/question", get(question))
        .route("/v1/sessions/{id}/answer", post(answer))
        .route("/v1/sessions/{id}", delete(abandon))
        .with_state(quiz)
}

/// The body is the user's name, and that of the response the user's number.
async fn register(State(quiz): State<Quiz>, name: String) -> Result<(StatusCode, String), Problem> {
    if name.is_empty() {
        return Err(Problem::INVALID);
    }
    let insert = quiz.database.run("insert", "users", move |database| {
        database.execute("INSERT INTO users (name) VALUES (?)", [name])?;
        Ok(database.last_insert_rowid())
    });
    match insert.await {
        Ok(id) => {
            quiz.metrics.registrations.inc();
            Ok((StatusCode::CREATED, id.to_string()))
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(Problem::CONFLICT)
        }
        Err(error) => Err(error.into()),
    }
}

/// The body of the response is the session's number.
async fn start(
    State(quiz): State<Quiz>,
    Path(user): Path<i64>,
) -> Result<(StatusCode, String), Problem> {
    let known = quiz.database.run("select", "users", move |database| {
        let query = "SELECT 1 FROM users WHERE id = ?";
        database.query_row(query, [user], |_| Ok(())).optional()
    });
    known.await?.ok_or(Problem::NOT_FOUND)?;
    let insert = quiz.database.run("insert", "sessions", move |database| {
        let query = "INSERT INTO sessions (user, active, touched) VALUES (?, 1, ?)";
        database.execute(query, [user, now()])?;
        Ok(database.last_insert_rowid())
    });
    let session = insert.await?;
    let insert = quiz.database.run("insert", "questions", move |database| {
        let query = "INSERT INTO questions (session, a, b) VALUES (?, ?, ?)";
        for number in 1..=QUESTIONS {
            database.execute(query, [session, session % 90 + 10, number * 7])?;
        }
        Ok(())
    });
    insert.await?;
    quiz.metrics.start(QUESTIONS.unsigned_abs());
    Ok((StatusCode::CREATED, session.to_string()))
}

/// The next question of a session, `12 + 7`.
async fn question(State(quiz): State<Quiz>, Path(session): Path<i64>) -> Result<String, Problem> {
    let (_, a, b) = quiz.open_question(session).await?;
    quiz.metrics.served.inc();
    Ok(format!("{a} + {b}"))
}

/// The body is a number. Says whether it is right.
async fn answer(
    State(quiz): State<Quiz>,
    Path(session): Path<i64>,
    given: String,
) -> Result<&'static str, Problem> {
    let given: i64 = given.parse().map_err(|_| Problem::INVALID)?;
    let (question, a, b) = quiz.open_question(session).await?;
    let update = quiz.database.run("update", "questions", move |database| {
        let query = "UPDATE questions SET given = ? WHERE id = ? AND given IS NULL";
        database.execute(query, [given, question])
    });
    update.await?;
    let update = quiz.database.run("update", "sessions", move |database| {
        let query = "UPDATE sessions SET touched = ?2, active = EXISTS (
            SELECT 1 FROM questions WHERE session = ?1 AND given IS NULL
        ) WHERE id = ?1 AND active RETURNING active";
        let row = database.query_row(query, [session, now()], |row| row.get(0));
        row.optional()
    });
    // Not if another answer has done it.
    if update.await? == Some(false) {
        quiz.metrics.complete();
    }
    Ok(if given == a + b { "right\n" } else { "wrong\n" })
}

/// A user leaves a session.
async fn abandon(
    State(quiz): State<Quiz>,
    Path(session): Path<i64>,
) -> Result<StatusCode, Problem> {
    let update = quiz.database.run("update", "sessions", move |database| {
        let query = "UPDATE sessions SET active = 0 WHERE id = ? AND active";
        database.execute(query, [session])
    });
    match update.await? {
        0 => Err(Problem::NOT_FOUND),
        _ => {
            quiz.metrics.abandon(1);
            Ok(StatusCode::NO_CONTENT)
        }
    }
}

impl Quiz {
    /// The first question of an active session that has no answer: its number, and what is to be added.
    async fn open_question(&self, session: i64) -> Result<(i64, i64, i64), Problem> {
        let select = self.database.run("select", "questions", move |database| {
            let query = "SELECT q.id, a, b FROM questions q JOIN sessions s ON s.id = session
                WHERE session = ? AND active AND given IS NULL ORDER BY q.id LIMIT 1";
            let row = database.query_row(query, [session], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            });
            row.optional()
        });
        select.await?.ok_or(Problem::NOT_FOUND)
    }

    /// Abandons sessions that nobody has answered in for that long.
    pub(crate) async fn abandon_idle(self, idle: Duration) {
        let seconds = i64::try_from(idle.as_secs()).unwrap_or(i64::MAX);
        loop {
            tokio::time::sleep(idle.max(Duration::from_secs(1))).await;
            let update = self.database.run("update", "sessions", move |database| {
                let query = "UPDATE sessions SET active = 0 WHERE active AND touched < ?";
                database.execute(query, [now().saturating_sub(seconds)])
            });
            match update.await {
                Ok(sessions) => self
                    .metrics
                    .abandon(sessions.try_into().unwrap_or(u32::MAX)),
                Err(error) => eprintln!("cannot abandon idle sessions: {error}"),
            }
        }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
