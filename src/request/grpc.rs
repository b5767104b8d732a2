//! What is a gRPC call, and how it ended, by the specification "gRPC over HTTP2".

use crate::label::Status;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use std::num::NonZero;

// Parsed once: looking up a header by a parsed name costs a third of looking it up by text.
static STATUS: HeaderName = HeaderName::from_static("grpc-status");
static TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// So few headers are looked at one by one.
const FEW: usize = 4;

/// The first value of a header. Hashing its name takes longer than to compare it with a few.
// Inlined, it compares with a name that is known there: two thirds of the instructions.
#[inline(always)]
fn find<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    if headers.len() > FEW {
        return headers.get(name);
    }
    for (other, value) in headers {
        if other == name {
            return Some(value);
        }
    }
    None
}

/// The names of the codes, by number.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(NonZero<u8>);

impl Code {
    pub(crate) const OK: Self = Self::numbered(0);
    pub(crate) const CANCELLED: Self = Self::numbered(1);
    pub(crate) const UNKNOWN: Self = Self::numbered(2);
    pub(crate) const DEADLINE_EXCEEDED: Self = Self::numbered(4);
    const PERMISSION_DENIED: Self = Self::numbered(7);
    pub(crate) const UNIMPLEMENTED: Self = Self::numbered(12);
    pub(super) const INTERNAL: Self = Self::numbered(13);
    const UNAVAILABLE: Self = Self::numbered(14);
    const DATA_LOSS: Self = Self::numbered(15);
    const UNAUTHENTICATED: Self = Self::numbered(16);
    /// UNIMPLEMENTED for a path that is neither declared nor proven: the client that invented it is at fault.
    pub(crate) const UNKNOWN_METHOD: Self = Self::numbered(17);

    const fn numbered(number: u8) -> Self {
        match NonZero::new(number + 1) {
            Some(index) => Self(index),
            None => panic!("one more than a number is not zero"),
        }
    }

    /// From 1 to 18.
    pub(crate) fn index(self) -> u8 {
        self.0.get()
    }

    /// `None` if no code has that index.
    pub(crate) fn from_index(index: u8) -> Option<Self> {
        let known = NonZero::new(index).map(Self);
        known.filter(|code| *code <= Self::UNKNOWN_METHOD)
    }

    /// The code as the call carried it.
    pub(crate) fn sent(self) -> Self {
        if self == Self::UNKNOWN_METHOD {
            return Self::UNIMPLEMENTED;
        }
        self
    }

    pub(crate) fn as_str(self) -> &'static str {
        NAMES[usize::from(self.sent().index()) - 1]
    }

    /// What `grpc-status` says; `None` if it is not there.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = find(headers, &STATUS)?.as_bytes();
        let number = match *value {
            [digit @ b'0'..=b'9'] => Some(digit - b'0'),
            [b'1', digit @ b'0'..=b'6'] => Some(10 + digit - b'0'),
            _ => None,
        };
        Some(number.map_or(Self::UNKNOWN, Self::numbered))
    }

    /// The code of a response that carries none, by gRPC's mapping of the HTTP status.
    pub(crate) fn from_status(status: Status) -> Self {
        match status.number() {
            400 | 431 => Self::INTERNAL,
            401 => Self::UNAUTHENTICATED,
            403 => Self::PERMISSION_DENIED,
            404 => Self::UNIMPLEMENTED,
            429 | 502 | 503 | 504 => Self::UNAVAILABLE,
            _ => Self::UNKNOWN,
        }
    }

    /// Whether it says that the server failed.
    pub(crate) fn is_server_error(self) -> bool {
        [
            Self::UNKNOWN,
            Self::DEADLINE_EXCEEDED,
            Self::UNIMPLEMENTED,
            Self::INTERNAL,
            Self::UNAVAILABLE,
            Self::DATA_LOSS,
        ]
        .contains(&self)
    }
}

/// Whether the content type is gRPC's: `application/grpc`, alone or followed by `+` or `;`.
#[inline]
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    !headers.is_empty() && has_grpc_type(headers)
}

// Inlined, it costs requests that are no calls 20 instructions.
#[inline(never)]
fn has_grpc_type(headers: &HeaderMap) -> bool {
    find(headers, &CONTENT_TYPE).is_some_and(|value| {
        let Some((name, rest)) = value.as_bytes().split_first_chunk() else {
            return false;
        };
        // Sets the bit that makes ASCII letters lower case. No other byte that a header's value may have becomes
        // one of these by it.
        let name = u128::from_le_bytes(*name) | u128::from_le_bytes([0x20; 16]);
        name == u128::from_le_bytes(*b"application/grpc")
            && matches!(rest.first(), None | Some(b'+' | b';'))
    })
}

/// Units of `grpc-timeout`, with their nanoseconds.
const UNITS: [(u8, u64); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60_000_000_000),
    (b'H', 3_600_000_000_000),
];

/// How many nanoseconds the client waits for a call, by `grpc-timeout`. `None` if that is missing or malformed.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<u64> {
    let (unit, digits) = find(headers, &TIMEOUT)?.as_bytes().split_last()?;
    let (_, nanos) = UNITS.iter().find(|(name, _)| name == unit)?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |value, digit| 10 * value + u64::from(digit - b'0'));
    // Eight digits of hours would overflow.
    Some(value.saturating_mul(*nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn headers(name: &'static str, value: &[u8]) -> HeaderMap {
        let value = HeaderValue::from_bytes(value).unwrap();
        HeaderMap::from_iter([(HeaderName::from_static(name), value)])
    }

    #[test]
    fn every_number_has_its_name_and_the_rest_are_unknown() {
        for (number, name) in NAMES.iter().enumerate() {
            let code = Code::from_headers(&headers("grpc-status", number.to_string().as_bytes()));
            assert_eq!(code.map(Code::as_str), Some(*name));
            assert_eq!(code.and_then(|code| Code::from_index(code.index())), code);
        }
        for value in [
            "", "17", "99", "-1", "00", "01", "0 ", "abc", "160", "\u{e9}",
        ] {
            let code = Code::from_headers(&headers("grpc-status", value.as_bytes()));
            assert_eq!(code, Some(Code::UNKNOWN), "{value:?}");
        }
        assert_eq!(Code::from_headers(&HeaderMap::new()), None);
        assert_eq!((Code::from_index(0), Code::from_index(19)), (None, None));
        assert_eq!(Code::UNKNOWN_METHOD.as_str(), "UNIMPLEMENTED");
    }

    #[test]
    fn an_http_status_maps_to_a_code() {
        let of = |code| {
            Code::from_status(Status::from_http(StatusCode::from_u16(code).unwrap())).as_str()
        };
        for (code, name) in [
            (200, "UNKNOWN"),
            (400, "INTERNAL"),
            (401, "UNAUTHENTICATED"),
            (403, "PERMISSION_DENIED"),
            (404, "UNIMPLEMENTED"),
            (429, "UNAVAILABLE"),
            (431, "INTERNAL"),
            (500, "UNKNOWN"),
            (502, "UNAVAILABLE"),
            (503, "UNAVAILABLE"),
            (504, "UNAVAILABLE"),
        ] {
            assert_eq!(of(code), name, "{code}");
        }
    }

    #[test]
    fn the_content_type_is_compared_by_the_letter() {
        for yes in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;a=b",
            "Application/GRPC",
        ] {
            assert!(is_grpc(&headers("content-type", yes.as_bytes())), "{yes}");
        }
        for no in [
            "",
            "application/grp",
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpcx",
            "application/grpc ",
            "application/json",
            "text/application/grpc",
        ] {
            assert!(!is_grpc(&headers("content-type", no.as_bytes())), "{no}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }

    #[test]
    fn a_timeout_has_eight_digits_and_a_unit() {
        let of = |text: &str| timeout(&headers("grpc-timeout", text.as_bytes()));
        for (text, nanos) in [
            ("0n", 0),
            ("1n", 1),
            ("7u", 7_000),
            ("250m", 250_000_000),
            ("3S", 3_000_000_000),
            ("2M", 120_000_000_000),
            ("1H", 3_600_000_000_000),
            ("99999999S", 99_999_999_000_000_000),
            ("99999999H", u64::MAX),
        ] {
            assert_eq!(of(text), Some(nanos), "{text}");
        }
        for text in [
            "",
            "m",
            "5",
            "123456789n",
            "-1m",
            "+1m",
            "1 m",
            "1s",
            "1h",
            "1.5S",
            "\u{e9}S",
        ] {
            assert_eq!(of(text), None, "{text:?}");
        }
        assert_eq!(timeout(&HeaderMap::new()), None);
    }
}
