use crate::{
    ScrapeError,
    model::{is_label_name, split_label},
};

/// What is wrong with a line, to be told with the name of its family.
#[derive(Debug)]
pub(super) enum LabelError {
    Malformed,
    Invalid(String),
    Duplicate(String),
}

impl LabelError {
    pub(super) fn of_family(self, family: &str) -> ScrapeError {
        let family = family.to_owned();
        match self {
            Self::Malformed => ScrapeError::MalformedFamily { family },
            Self::Invalid(label) => ScrapeError::InvalidLabel { family, label },
            Self::Duplicate(label) => ScrapeError::DuplicateLabel { family, label },
        }
    }
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
        if !is_label_name(name) {
            return Err(LabelError::Invalid(name.to_owned()));
        }
        if names.contains(&name) {
            return Err(LabelError::Duplicate(name.to_owned()));
        }
        names.push(name);
        rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return Err(LabelError::Malformed),
        };
    }
    Ok(())
}

/// Where the brace is that closes the labels at the start of a text.
pub(super) fn labels_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.bytes().position(|byte| {
        if escaped {
            escaped = false;
            return false;
        }
        match byte {
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'}' => return !quoted,
            _ => {}
        }
        false
    })
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
