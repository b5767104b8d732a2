//! A series' name and labels, as they are written: `http_requests_total{method="GET"}`.

/// The name, and the labels without their braces.
pub(super) fn split(series: &str) -> (&str, &str) {
    match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap_or(labels)),
        None => (series, ""),
    }
}

/// Where the labels end: not at a brace within a value.
pub(super) fn end_of_labels(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().find_map(|(at, letter)| {
        let escapes = is_quoted && !is_escaped && letter == '\\';
        if letter == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = escapes;
        (letter == '}' && !is_quoted).then_some(at + 1)
    })
}

/// The value of a label, with its escapes.
pub(super) fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    pairs(labels).find_map(|(label, value)| (label == name).then_some(value))
}

/// Names and values, which are still escaped.
pub(super) fn pairs(mut labels: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let (name, rest) = labels.split_once("=\"")?;
        let mut is_escaped = false;
        let end = rest.find(|letter| {
            let ends = letter == '"' && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            ends
        })?;
        labels = rest[end + 1..].trim_start_matches(',');
        Some((name, &rest[..end]))
    })
}
