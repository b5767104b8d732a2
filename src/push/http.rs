//! `http/protobuf`: what a request is, and what its response means.

use super::{
    OtlpBody,
    transport::Answer,
    verdict::{Verdict, accepted},
};
use crate::{ExportError, format::otlp::Status};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::time::{Duration, SystemTime};

/// How much is shown of a response that is no message.
const LONGEST_TEXT: usize = 200;

pub(super) fn prepare(headers: &mut HeaderMap, body: OtlpBody, is_gzip: bool) -> OtlpBody {
    let content_type = HeaderValue::from_static("application/x-protobuf");
    headers.insert(header::CONTENT_TYPE, content_type);
    if is_gzip {
        let gzip = HeaderValue::from_static("gzip");
        headers.insert(header::CONTENT_ENCODING, gzip);
    }
    body
}

pub(super) fn judge(answer: &Answer) -> Verdict {
    if answer.status.is_success() {
        return Ok(accepted(&answer.body));
    }
    let status = answer.status.to_string();
    let message = message(answer);
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Err(ExportError::Unavailable {
            status,
            message,
            retry_after: retry_after(&answer.headers, SystemTime::now()),
        }),
        _ => Err(ExportError::Refused { status, message }),
    }
}

/// By the specification it is a `Status`. Proxies answer with text.
fn message(answer: &Answer) -> String {
    let content_type = answer.headers.get(header::CONTENT_TYPE);
    if content_type.is_some_and(|it| it.as_bytes().starts_with(b"application/x-protobuf")) {
        return Status::parse(&answer.body).message;
    }
    let text = String::from_utf8_lossy(&answer.body);
    let line = text.lines().next().unwrap_or_default().trim();
    line.chars().take(LONGEST_TEXT).collect()
}

/// A number of seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_says_when_to_try_again_in_seconds_or_by_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let of = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]), now)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(of("0"), seconds(0));
        assert_eq!(of("120"), seconds(120));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), seconds(7));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:00 GMT"), seconds(0));
        for none in ["", "soon", "-1", "1.5"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
