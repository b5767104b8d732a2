use super::{Families, families::Sample, sample::end_of_labels};

/// Reads OpenMetrics, or the classic text format.
pub(super) fn parse(text: &str) -> Families {
    let mut families = Families::default();
    let (mut family, mut kind) = ("", "");
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix('#') {
            if let Some((name, of)) = comment
                .strip_prefix(" TYPE ")
                .and_then(|it| it.split_once(' '))
            {
                (family, kind) = (name, of);
            }
            continue;
        }
        let Some((series, value)) = sample(line) else {
            families.faults.push(format!("no sample: {line:?}"));
            continue;
        };
        if !series.starts_with(family) {
            families
                .faults
                .push(format!("outside of its family: {line:?}"));
        }
        let is_counter = matches!(kind, "counter" | "histogram");
        families.insert(series.to_owned(), Sample { value, is_counter });
    }
    families
}

/// Without its exemplar.
fn sample(line: &str) -> Option<(&str, f64)> {
    let space = line.find(' ')?;
    let end = match line.find('{') {
        Some(brace) if brace < space => brace + end_of_labels(&line[brace..])?,
        _ => space,
    };
    let (series, rest) = line.split_at(end);
    let value = rest.strip_prefix(' ')?.split(' ').next()?;
    Some((series, value.parse().ok()?))
}
