//! The answers of the page, all of one path: what is asked for is its query.

use crate::{ExpositionBody, ScrapeError, exposition::method};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

/// What does not change while the process runs.
pub(super) struct Asset {
    content_type: &'static str,
    content: &'static str,
}

const DOCUMENT: Asset = Asset {
    content_type: "text/html; charset=utf-8",
    content: include_str!("assets/index.html"),
};
const SCRIPT: Asset = Asset {
    content_type: "text/javascript; charset=utf-8",
    content: concat!(
        include_str!("assets/script/data.js"),
        include_str!("assets/script/chart.js"),
        include_str!("assets/script/view.js"),
        include_str!("assets/script/poll.js"),
    ),
};
const STYLE: Asset = Asset {
    content_type: "text/css; charset=utf-8",
    content: include_str!("assets/style.css"),
};
// Without one, a browser would ask for `/favicon.ico`, and that would be counted.
const ICON: Asset = Asset {
    content_type: "image/svg+xml",
    content: include_str!("assets/icon.svg"),
};

pub(super) enum Part {
    Asset(&'static Asset),
    Data,
}

impl Part {
    /// Any other query is none of the page's: it gets the document.
    pub(super) fn of_query(query: Option<&str>) -> Self {
        match query {
            Some("data") => Self::Data,
            Some("script") => Self::Asset(&SCRIPT),
            Some("style") => Self::Asset(&STYLE),
            Some("icon") => Self::Asset(&ICON),
            _ => Self::Asset(&DOCUMENT),
        }
    }
}

/// What a browser is told with every answer.
const HEADERS: [(HeaderName, &str); 5] = [
    // Nothing but what this path serves, no inline code, and no markup that a script made.
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(super) fn asset(asset: &Asset) -> Response<ExpositionBody> {
    let mut response = whole(StatusCode::OK, asset.content_type, asset.content.into());
    // Another version of this crate has other assets under the same address.
    set(
        response.headers_mut(),
        header::CACHE_CONTROL,
        "private, no-cache",
    );
    response
}

/// The data. It has no length, which is not known until all is written.
pub(super) fn data(body: ExpositionBody) -> Response<ExpositionBody> {
    answer(StatusCode::OK, "application/json", body)
}

pub(super) fn refused(error: ScrapeError) -> Response<ExpositionBody> {
    let mut response = text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"));
    response.extensions_mut().insert(error);
    response
}

pub(super) fn not_allowed() -> Response<ExpositionBody> {
    let line = String::from("the page is read with GET or HEAD\n");
    method::with_allowed(text(StatusCode::METHOD_NOT_ALLOWED, line))
}

pub(super) fn disabled() -> Response<ExpositionBody> {
    let line = String::from("metrics are disabled\n");
    text(StatusCode::SERVICE_UNAVAILABLE, line)
}

fn text(status: StatusCode, line: String) -> Response<ExpositionBody> {
    whole(status, "text/plain; charset=utf-8", line.into())
}

fn whole(
    status: StatusCode,
    content_type: &'static str,
    content: bytes::Bytes,
) -> Response<ExpositionBody> {
    let length = content.len();
    let mut response = answer(status, content_type, ExpositionBody::whole(content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    response
}

fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: ExpositionBody,
) -> Response<ExpositionBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, content_type);
    set(headers, header::CACHE_CONTROL, "no-store");
    for (name, value) in HEADERS {
        set(headers, name, value);
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
