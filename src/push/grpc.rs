//! `grpc`: what a request is, and what its response means, by the specification "gRPC over HTTP2".

use super::{
    OtlpBody,
    baggage::decode,
    transport::Answer,
    verdict::{Verdict, accepted},
};
use crate::{ExportError, format::otlp::Status, label, request::Code};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Duration;

/// One byte that says whether the message is compressed, and four of its length.
const PREFIX: usize = 5;

/// Codes by which a receiver may take the same request another time.
const RETRYABLE: [&str; 6] = [
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNAVAILABLE",
    "DATA_LOSS",
];

pub(super) fn prepare(
    headers: &mut HeaderMap,
    body: OtlpBody,
    is_gzip: bool,
    timeout: Duration,
) -> OtlpBody {
    let content_type = HeaderValue::from_static("application/grpc");
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    // Eight digits at most.
    let millis = timeout.as_millis().min(99_999_999);
    if let Ok(timeout) = HeaderValue::try_from(format!("{millis}m")) {
        headers.insert(HeaderName::from_static("grpc-timeout"), timeout);
    }
    if is_gzip {
        let encoding = HeaderName::from_static("grpc-encoding");
        headers.insert(encoding, HeaderValue::from_static("gzip"));
    }
    let mut prefix = vec![u8::from(is_gzip)];
    // A request is far below what four bytes can say.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    prefix.extend_from_slice(&length.to_be_bytes());
    body.after(Bytes::from(prefix))
}

pub(super) fn judge(answer: &Answer) -> Verdict {
    // In the head, if there is nothing else.
    let has_trailers = answer.trailers.contains_key("grpc-status");
    let trailers = match has_trailers {
        true => &answer.trailers,
        false => &answer.headers,
    };
    let code = Code::from_headers(trailers);
    if code == Some(Code::OK) && answer.status.is_success() {
        return Ok(accepted(answer.body.get(PREFIX..).unwrap_or_default()));
    }
    let http_status = label::Status::from_http(answer.status);
    let code = code.unwrap_or_else(|| Code::from_status(http_status));
    let details = details(trailers);
    let status = code.as_str().to_owned();
    let message = message(trailers).unwrap_or(details.message);
    let waits = details.retry_delay.is_some();
    if RETRYABLE.contains(&code.as_str()) || (code.as_str() == "RESOURCE_EXHAUSTED" && waits) {
        return Err(ExportError::Unavailable {
            status,
            message,
            retry_after: details.retry_delay,
        });
    }
    Err(ExportError::Refused { status, message })
}

fn message(trailers: &HeaderMap) -> Option<String> {
    let message = trailers.get("grpc-message")?.to_str().ok()?;
    decode(message).or_else(|| Some(message.to_owned()))
}

fn details(trailers: &HeaderMap) -> Status {
    let details = trailers.get("grpc-status-details-bin");
    let details = details.and_then(|details| decode_base64(details.as_bytes()));
    Status::parse(&details.unwrap_or_default())
}

/// Base64 with or without padding, both of which gRPC allows.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=');
    let text = &text[..end.map_or(0, |end| end + 1)];
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_and_without_padding() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zg", "f"),
            ("Zm8=", "fo"),
            ("Zm8", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmFy", "foobar"),
            ("fn5+", "~~~"),
        ] {
            let decoded = decode_base64(text.as_bytes());
            assert_eq!(decoded.as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode_base64(b"//8="), Some(vec![0xff, 0xff]));
        assert_eq!(decode_base64(b"Zm 9"), None);
    }
}
