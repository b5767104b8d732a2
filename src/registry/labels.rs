use crate::model::{is_label_name, split_label};
use std::borrow::Cow;

/// What is wrong with a line, to be told with the name of its family.
#[derive(Debug)]
pub(super) enum LabelError {
    Malformed,
    Invalid(String),
    Duplicate(String),
}

/// That labels are well-formed, and their names legal and there once. One name may be taken before.
pub(super) fn check_labels(text: &str, taken: Option<&str>) -> Result<(), LabelError> {
    let mut names: Vec<&str> = taken.into_iter().collect();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, _, after) = split_label(rest).ok_or(LabelError::Malformed)?;
        if name.contains(['"', ',']) {
            return Err(LabelError::Malformed);
        }
        // It is the family's name, which Prometheus takes from the sample.
        if !is_label_name(name) || name == "__name__" {
            return Err(LabelError::Invalid(name.to_owned()));
        }
        if names.contains(&name) {
            return Err(LabelError::Duplicate(name.to_owned()));
        }
        names.push(name);
        rest = match after.strip_prefix(',') {
            Some("") => return Err(LabelError::Malformed),
            Some(after) => after,
            None if after.is_empty() => after,
            None => return Err(LabelError::Malformed),
        };
    }
    Ok(())
}

/// Where the brace is that closes the labels at the start of a text.
pub(super) fn labels_end(text: &str) -> Option<usize> {
    let mut quotes = Quotes::default();
    text.bytes()
        .position(|byte| quotes.are_outside(byte) && byte == b'}')
}

/// Labels without the blanks between them, and without a comma after the last one: the classic format allows both.
pub(super) fn without_blanks(labels: &str) -> Cow<'_, str> {
    let is_kept = || {
        let mut quotes = Quotes::default();
        move |byte: &u8| !(quotes.are_outside(*byte) && matches!(byte, b' ' | b'\t'))
    };
    let labels = labels.trim_matches([' ', '\t']);
    let labels = match labels.strip_suffix(',') {
        None | Some("") => labels,
        Some(labels) => labels,
    };
    if labels.as_bytes().iter().all(is_kept()) {
        return Cow::Borrowed(labels);
    }
    let kept = labels.bytes().filter(is_kept()).collect();
    // Only whole characters are left out.
    Cow::Owned(String::from_utf8(kept).unwrap_or_default())
}

/// Where quoted values begin and end in the text of labels.
#[derive(Default)]
struct Quotes {
    quoted: bool,
    escaped: bool,
}

impl Quotes {
    /// Whether the next byte is outside of them.
    fn are_outside(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
            return false;
        }
        match byte {
            b'\\' => self.escaped = self.quoted,
            b'"' => self.quoted = !self.quoted,
            _ => {}
        }
        !self.quoted
    }
}

/// Labels, and one of them that was taken out.
pub(super) struct SplitLabels<'a> {
    before: &'a str,
    pub(super) value: Cow<'a, str>,
    after: &'a str,
}

/// Takes out the label of that name; `None` if there is none, or what comes before it is malformed.
pub(super) fn split_off_label<'a>(labels: &'a str, name: &str) -> Option<SplitLabels<'a>> {
    let mut rest = labels;
    loop {
        let (other, value, after) = split_label(rest)?;
        if other == name {
            let before = &labels[..labels.len() - rest.len()];
            return Some(SplitLabels {
                before: before.strip_suffix(',').unwrap_or(before),
                value,
                after: after.strip_prefix(',').unwrap_or(after),
            });
        }
        rest = after.strip_prefix(',')?;
    }
}

impl SplitLabels<'_> {
    pub(super) fn others(&self) -> String {
        match (self.before, self.after) {
            ("", others) | (others, "") => others.to_owned(),
            (before, after) => format!("{before},{after}"),
        }
    }

    pub(super) fn others_are(&self, labels: &str) -> bool {
        match (self.before, self.after) {
            ("", others) | (others, "") => others == labels,
            (before, after) => {
                let rest = labels.strip_prefix(before);
                rest.and_then(|rest| rest.strip_prefix(',')) == Some(after)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_malformed_illegal_or_there_twice_are_told_apart() {
        for text in ["", r#"a="b""#, r#"a="b",_c9="d,}e=""#, r#"a="\\\"\n""#] {
            assert!(check_labels(text, Some("le")).is_ok(), "{text}");
        }
        for text in [
            "a",
            "a=b",
            r#"a="b"#,
            r#"a="b\""#,
            r#"a="\x""#,
            r#"a="b"c="d""#,
            r#"a,b="c""#,
            r#"a="b","#,
            ",",
        ] {
            let error = check_labels(text, None).unwrap_err();
            assert!(matches!(error, LabelError::Malformed), "{text}: {error:?}");
        }
        for (text, name) in [
            (r#"my-label="b""#, "my-label"),
            (r#"="b""#, ""),
            (r#"1="b""#, "1"),
        ] {
            let error = check_labels(text, None).unwrap_err();
            assert!(matches!(error, LabelError::Invalid(label) if label == name));
        }
        for (text, taken) in [(r#"a="b",c="d",a="b""#, None), (r#"a="b""#, Some("a"))] {
            let error = check_labels(text, taken).unwrap_err();
            assert!(matches!(error, LabelError::Duplicate(label) if label == "a"));
        }
    }
}
