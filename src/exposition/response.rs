use super::{ExpositionBody, method};
use crate::ScrapeError;
use http::{HeaderValue, Response, StatusCode, header};

/// The response to a scrape. It has no length, which is not known until all is written.
pub(super) fn ok(content_type: &'static str, body: ExpositionBody) -> Response<ExpositionBody> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

pub(super) fn refused(error: ScrapeError) -> Response<ExpositionBody> {
    let mut response = plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"));
    response.extensions_mut().insert(error);
    response
}

pub(super) fn not_allowed() -> Response<ExpositionBody> {
    let text = String::from("metrics are read with GET or HEAD\n");
    method::with_allowed(plain(StatusCode::METHOD_NOT_ALLOWED, text))
}

pub(super) fn disabled() -> Response<ExpositionBody> {
    let text = String::from("metrics are disabled\n");
    plain(StatusCode::SERVICE_UNAVAILABLE, text)
}

fn plain(status: StatusCode, text: String) -> Response<ExpositionBody> {
    let length = text.len();
    let mut response = ok("text/plain; charset=utf-8", ExpositionBody::whole(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length.into());
    response
}

/// The same head without the body, for `HEAD`.
pub(super) fn without_body(response: Response<ExpositionBody>) -> Response<ExpositionBody> {
    response.map(|_| ExpositionBody::whole(""))
}
