//! The media ranges of `Accept` headers, and how closely they describe a format.

use crate::format::Format;

/// How closely a media range describes a format: not by name, or by name.
const ANY: u8 = 1;
const ANY_SUBTYPE: u8 = 2;
pub(super) const NAMED: u8 = 3;

/// One element of an `Accept` header.
pub(super) struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    /// In thousandths.
    pub(super) quality: u16,
}

impl<'a> MediaRange<'a> {
    /// `None` if it is malformed: such an element is ignored, and the others count.
    pub(super) fn parse(element: &'a str) -> Option<Self> {
        let mut parts = split(element, ';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut range = Self {
            kind,
            subtype,
            parameters: Vec::new(),
            quality: 1_000,
        };
        for parameter in parts.map(str::trim).filter(|it| !it.is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim_matches('"');
            if name.eq_ignore_ascii_case("q") {
                range.quality = parse_quality(value)?;
            } else {
                range.parameters.push((name, value));
            }
        }
        Some(range)
    }

    /// How closely it describes a format. `None` if it does not match. Parameters that a format does not have are
    /// ignored: Prometheus 3 sends `escaping`, which only matters for names that have to be escaped.
    pub(super) fn specificity(&self, format: &Format) -> Option<u8> {
        let (kind, subtype) = format.media_type;
        if (self.kind, self.subtype) == ("*", "*") {
            return format.is_text.then_some(ANY);
        }
        if !self.kind.eq_ignore_ascii_case(kind) {
            return None;
        }
        if self.subtype == "*" {
            return format.is_text.then_some(ANY_SUBTYPE);
        }
        if !self.subtype.eq_ignore_ascii_case(subtype) {
            return None;
        }
        let mut specificity = NAMED;
        for (name, value) in format.parameters {
            let mut given = self.parameters.iter();
            if let Some((_, given)) = given.find(|(given, _)| given.eq_ignore_ascii_case(name)) {
                if !given.eq_ignore_ascii_case(value) {
                    return None;
                }
                specificity += 1;
            }
        }
        Some(specificity)
    }
}

/// A weight from 0 to 1 with up to three digits, in thousandths.
fn parse_quality(value: &str) -> Option<u16> {
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

/// Splits at a separator that is not inside a quoted string.
pub(super) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |char| {
        if escaped {
            escaped = false;
            return false;
        }
        match char {
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        char == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_up_to_three_digits() {
        let cases = [
            ("0", 0),
            ("1", 1_000),
            ("1.000", 1_000),
            ("0.5", 500),
            ("0.05", 50),
            ("0.", 0),
        ];
        for (text, thousandths) in cases {
            assert_eq!(parse_quality(text), Some(thousandths), "{text}");
        }
        for text in ["", "1.001", "2", ".5", "0.0001", "0.+5", " 1", "1e0"] {
            assert_eq!(parse_quality(text), None, "{text}");
        }
    }
}
