//! Ordinary answers, good and bad.

use axum::{
    Json,
    extract::{Path, Request},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::convert::Infallible;

#[derive(Serialize)]
pub(crate) struct User {
    id: String,
    name: &'static str,
}

pub(crate) async fn show_user(Path(id): Path<String>) -> Json<User> {
    Json(User { id, name: "Ada" })
}

pub(crate) async fn create_order() -> (StatusCode, &'static str) {
    (StatusCode::CREATED, "ordered\n")
}

pub(crate) async fn show_order(Path(id): Path<String>) -> Result<String, StatusCode> {
    let id: u64 = id.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    Ok(format!("order {id}\n"))
}

pub(crate) async fn show_item(Path(item): Path<String>) -> String {
    format!("one {item}\n")
}

pub(crate) async fn serve_file(request: Request) -> Result<Response, Infallible> {
    // axum sees to this for handlers, not for services: over HTTP/2 a body would break the answer.
    if request.method() == Method::HEAD {
        return Ok(Response::default());
    }
    // The path as the service sees it: what it is mounted on was taken off.
    Ok(format!("contents of {}\n", request.uri().path()).into_response())
}

pub(crate) async fn answer_with(Path(code): Path<u16>) -> Response {
    let status = StatusCode::from_u16(code).ok();
    match status.filter(|_| (200..=599).contains(&code)) {
        // These have no body, and HTTP/2 would send the one that they are given.
        Some(status) if matches!(code, 204 | 205 | 304) => status.into_response(),
        Some(status) => (status, format!("{status}\n")).into_response(),
        None => (StatusCode::BAD_REQUEST, "from 200 to 599\n").into_response(),
    }
}

/// Nothing catches it, as in most applications: the server closes the connection, or the HTTP/2 stream.
pub(crate) async fn panic() {
    panic!("as asked for");
}
