//! The few things of JSON that the page's data is made of.

use crate::{format, model::Number};

pub(super) use crate::format::{push_count, push_str as push_text};

/// A string, with its quotes.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    while let Some(at) = rest.iter().position(is_special) {
        let (plain, after) = rest.split_at(at);
        out.extend_from_slice(plain);
        if let Some((special, after)) = after.split_first() {
            push_escaped(out, *special);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    }
}

/// A number. JSON has no infinities and no NaN: they are `null`.
pub(super) fn push_number(out: &mut Vec<u8>, value: Number) {
    match value {
        Number::Float(value) => push_float(out, value),
        value => format::push_number(out, value),
    }
}

pub(super) fn push_float(out: &mut Vec<u8>, value: f64) {
    match value.is_finite() {
        true => format::push_float(out, value),
        false => push_text(out, "null"),
    }
}

/// Elements between brackets, with commas between them.
pub(super) fn push_list<T>(
    out: &mut Vec<u8>,
    elements: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, element);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_read_as_it_was_written() {
        let all: String = (0..0x180).filter_map(char::from_u32).collect();
        for text in ["", "\"", "\\", "a\"b\\c\n", "</script>\u{2028}größe", &all] {
            let mut json = Vec::new();
            push_string(&mut json, text);
            let read: String = serde_json::from_slice(&json).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn any_number_is_json() {
        for (value, text) in [
            (Number::Unsigned(u64::MAX), "18446744073709551615"),
            (Number::Signed(-3), "-3"),
            (Number::Float(0.25), "0.25"),
            (Number::Float(1e300), "1e300"),
            (Number::Float(f64::NAN), "null"),
            (Number::Float(f64::INFINITY), "null"),
            (Number::Float(f64::NEG_INFINITY), "null"),
        ] {
            let mut json = Vec::new();
            push_number(&mut json, value);
            assert_eq!(json, text.as_bytes());
            serde_json::from_slice::<serde_json::Value>(&json).unwrap();
        }
    }
}
