//! The methods by which the endpoint and its page are read.

use super::ExpositionBody;
use http::{HeaderValue, Method, Response, header};

/// Whether only the head is asked for. `None` if the method is not allowed.
pub(crate) fn is_head_only(method: &Method) -> Option<bool> {
    match *method {
        Method::GET => Some(false),
        Method::HEAD => Some(true),
        _ => None,
    }
}

/// Says which methods are, as a response of 405 has to.
pub(crate) fn with_allowed(mut response: Response<ExpositionBody>) -> Response<ExpositionBody> {
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
