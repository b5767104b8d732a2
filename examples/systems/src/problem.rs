use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Why a request was not answered as it wished: a status, and the kind of the error, for a label.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: ProblemKind,
}

/// The kind of a [`Problem`], in the extensions of its response. The layer reads it there.
#[derive(Clone, Copy, Debug)]
pub struct ProblemKind(pub &'static str);

impl Problem {
    /// What clients ask for does not exist.
    pub const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "not_found");
    /// What clients sent has no meaning.
    pub const INVALID: Self = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    /// What clients want to make exists.
    pub const CONFLICT: Self = Self::new(StatusCode::CONFLICT, "conflict");

    /// A problem of that status and kind.
    #[must_use]
    pub const fn new(status: StatusCode, kind: &'static str) -> Self {
        let kind = ProblemKind(kind);
        Self { status, kind }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        eprintln!("the database: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "database")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.kind.0)).into_response();
        response.extensions_mut().insert(self.kind);
        response
    }
}
