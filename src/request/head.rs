//! What the head of a response says about its body.

use http::{HeaderMap, header};

/// How many bytes the headers declare. `None` if they declare none, or contradict each other.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = values.next()?;
    if values.any(|other| other != first) {
        return None;
    }
    let digits = first.to_str().ok()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// Whether the content type is that of server-sent events.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| {
        let (essence, rest) = value
            .as_bytes()
            .split_at_checked(EVENT_STREAM.len())
            .unwrap_or_default();
        essence.eq_ignore_ascii_case(EVENT_STREAM)
            && matches!(rest.trim_ascii_start().first(), None | Some(b';'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let pairs = values
            .iter()
            .map(|value| (name.clone(), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    #[test]
    fn a_length_is_declared_in_one_way_or_not_at_all() {
        let of =
            |values: &[&'static str]| content_length(&headers(&header::CONTENT_LENGTH, values));
        assert_eq!(of(&["0"]), Some(0));
        assert_eq!(of(&["18446744073709551615"]), Some(u64::MAX));
        assert_eq!(of(&["12", "12"]), Some(12));
        for none in [
            &[][..],
            &[""],
            &["-1"],
            &["+1"],
            &["1 "],
            &["0x1"],
            &["1", "2"],
            &["12", "012"],
            &["18446744073709551616"],
        ] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn event_streams_are_told_by_their_content_type() {
        let of = |value| is_event_stream(&headers(&header::CONTENT_TYPE, &[value]));
        for yes in [
            "text/event-stream",
            "Text/Event-Stream",
            "text/event-stream;charset=utf-8",
            "text/event-stream ; a=b",
        ] {
            assert!(of(yes), "{yes}");
        }
        for no in [
            "",
            "text/plain",
            "text/event-streams",
            "a;text/event-stream",
        ] {
            assert!(!of(no), "{no}");
        }
        assert!(!is_event_stream(&HeaderMap::new()));
    }
}
