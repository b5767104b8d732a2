use std::borrow::Cow;

/// Whether a label may have that name: `[a-zA-Z_][a-zA-Z0-9_]*`.
pub(crate) fn is_label_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first = name.bytes().next();
    name.bytes().all(word) && first.is_some_and(|byte| !byte.is_ascii_digit())
}

/// Adds a label to the text of a series' labels.
pub(crate) fn push_label(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push(',');
    }
    text.push_str(name);
    text.push_str("=\"");
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '"', '\n']) {
        let (plain, special) = rest.split_at(at);
        let (special, after) = special.split_at(1);
        text.push_str(plain);
        text.push('\\');
        text.push_str(if special == "\n" { "n" } else { special });
        rest = after;
    }
    text.push_str(rest);
    text.push('"');
}

/// The names and values in the text of a series' labels, up to the first that is malformed.
pub(crate) fn label_pairs(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, value, after) = split_label(rest)?;
        rest = after.strip_prefix(',').unwrap_or(after);
        Some((name, value))
    })
}

/// The first label, and what comes after its closing quote; `None` if there is none, or it is malformed.
pub(crate) fn split_label(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, after) = text.split_once("=\"")?;
    let end = after.find(['"', '\\'])?;
    let (plain, mut rest) = after.split_at(end);
    if let Some(after) = rest.strip_prefix('"') {
        return Some((name, Cow::Borrowed(plain), after));
    }
    let mut value = String::from(plain);
    loop {
        let special = rest.find(['"', '\\'])?;
        let (plain, special) = rest.split_at(special);
        value.push_str(plain);
        let mut chars = special.chars();
        if chars.next() == Some('"') {
            return Some((name, Cow::Owned(value), chars.as_str()));
        }
        value.push(match chars.next()? {
            'n' => '\n',
            escaped @ ('"' | '\\') => escaped,
            _ => return None,
        });
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_what_was_pushed() {
        let pairs = [
            ("a", "plain"),
            ("b", ""),
            ("c", "d,}e="),
            ("e", "\\"),
            ("f", "x\""),
            ("g", "\n\\ny"),
            ("h", "größe\\\"\n"),
        ];
        let mut text = String::new();
        for (name, value) in pairs {
            push_label(&mut text, name, value);
        }
        let read: Vec<_> = label_pairs(&text).collect();
        let expected = pairs.map(|(name, value)| (name, Cow::Borrowed(value)));
        assert_eq!(read, expected, "{text}");
        assert_eq!(label_pairs("").next(), None);
        for text in ["a", "a=b", r#"a="b"#, r#"a="b\"#, r#"a="\x""#] {
            assert_eq!(label_pairs(text).next(), None, "{text}");
        }
    }
}
