//! What receivers answer: `ExportMetricsServiceResponse`, and `google.rpc.Status` where they refuse.

use std::time::Duration;

/// The type of the detail that says when to try again.
const RETRY_INFO: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";

/// `ExportMetricsPartialSuccess`: what was not taken of a request that was.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PartialSuccess {
    pub(crate) rejected_points: u64,
    pub(crate) message: String,
}

impl PartialSuccess {
    /// From a response. What is malformed of it says nothing.
    pub(crate) fn parse(response: &[u8]) -> Self {
        let mut success = Self::default();
        for (field, value) in messages(response, 1).flat_map(fields) {
            match (field, value) {
                (1, Value::Varint(points)) => success.rejected_points = points,
                (2, Value::Bytes(text)) => success.message = lossy(text),
                _ => {}
            }
        }
        success
    }
}

/// `google.rpc.Status`: why a request was refused.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Status {
    pub(crate) message: String,
    pub(crate) retry_delay: Option<Duration>,
}

impl Status {
    /// What is malformed of it says nothing.
    pub(crate) fn parse(status: &[u8]) -> Self {
        let message = messages(status, 2).last().map(lossy);
        let details = messages(status, 3).filter(|any| messages(any, 1).any(|it| it == RETRY_INFO));
        Self {
            message: message.unwrap_or_default(),
            retry_delay: details
                .flat_map(|any| messages(any, 2))
                .find_map(retry_delay),
        }
    }
}

/// The delay of a `RetryInfo`.
fn retry_delay(info: &[u8]) -> Option<Duration> {
    let (mut seconds, mut nanos) = (0, 0);
    for (field, value) in fields(messages(info, 1).last()?) {
        match (field, value) {
            (1, Value::Varint(value)) => seconds = value,
            (2, Value::Varint(value)) => nanos = value,
            _ => {}
        }
    }
    // Negative ones are as large as can be.
    let seconds = i64::try_from(seconds).ok()?;
    let nanos = u32::try_from(nanos).ok().filter(|it| *it < 1_000_000_000)?;
    Some(Duration::new(seconds as u64, nanos))
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The values of a field that has messages or strings.
fn messages(message: &[u8], field: u32) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |it| match it {
        (number, Value::Bytes(bytes)) if number == field => Some(bytes),
        _ => None,
    })
}

/// The fields of a message, up to the first that is malformed.
fn fields(message: &[u8]) -> impl Iterator<Item = (u32, Value<'_>)> {
    let mut rest = message;
    std::iter::from_fn(move || {
        let tag = take_varint(&mut rest)?;
        let field = u32::try_from(tag >> 3).ok()?;
        let value = match tag & 7 {
            0 => Value::Varint(take_varint(&mut rest)?),
            1 => take(&mut rest, 8).map(|_| Value::Other)?,
            2 => {
                let length = take_varint(&mut rest)?;
                Value::Bytes(take(&mut rest, usize::try_from(length).ok()?)?)
            }
            5 => take(&mut rest, 4).map(|_| Value::Other)?,
            _ => return None,
        };
        Some((field, value))
    })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::wire::{Message, push_message, push_str, push_uint};

    #[test]
    fn a_partial_success_says_what_was_not_taken() {
        let mut response = Message::new();
        push_message(&mut response, 1, |out| {
            push_uint(out, 1, 300);
            push_str(out, 2, "too old");
        });
        let expected = PartialSuccess {
            rejected_points: 300,
            message: "too old".into(),
        };
        assert_eq!(PartialSuccess::parse(&response), expected);
        assert_eq!(PartialSuccess::parse(&[]), PartialSuccess::default());
    }

    #[test]
    fn a_status_says_why_and_when_to_try_again() {
        let status = |seconds: u64, nanos: u64, kind: &str| {
            let mut status = Message::new();
            push_uint(&mut status, 1, 8);
            push_str(&mut status, 2, "slow down");
            push_message(&mut status, 3, |any| push_str(any, 1, "other"));
            push_message(&mut status, 3, |any| {
                push_str(any, 1, kind);
                push_message(any, 2, |info| {
                    push_message(info, 1, |delay| {
                        push_uint(delay, 1, seconds);
                        push_uint(delay, 2, nanos);
                    });
                });
            });
            Status::parse(&status)
        };
        let kind = std::str::from_utf8(RETRY_INFO).unwrap();
        let told = status(7, 500_000_000, kind);
        assert_eq!(told.message, "slow down");
        assert_eq!(told.retry_delay, Some(Duration::from_millis(7_500)));
        assert_eq!(status(u64::MAX, 0, kind).retry_delay, None);
        assert_eq!(status(7, u64::MAX, kind).retry_delay, None);
        assert_eq!(status(7, 0, "google.rpc.Help").retry_delay, None);
    }

    #[test]
    fn what_is_malformed_says_nothing_and_breaks_nothing() {
        let mut status = Message::new();
        push_str(&mut status, 2, "slow down");
        for end in 0..status.len() {
            assert_eq!(Status::parse(&status[..end]), Status::default());
        }
        for bytes in [&[0xff; 32][..], &[0x12, 0xff, 0xff, 0xff, 0xff, 0x7f], &[7]] {
            assert_eq!(Status::parse(bytes), Status::default());
            assert_eq!(PartialSuccess::parse(bytes), PartialSuccess::default());
        }
    }
}
