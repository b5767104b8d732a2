use crate::model::Family;
use http::Uri;

/// The families that a scrape asks for by `?name[]=…`, as promhttp has it. All, if it names none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter(Vec<String>);

impl Filter {
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        let names = pairs.filter(|(key, _)| decoded(key) == "name[]");
        Self(names.map(|(_, name)| decoded(name)).collect())
    }

    /// Whether it keeps a family, by its name, or by that of its samples.
    pub(super) fn keeps(&self, family: &Family) -> bool {
        let is = |name: &str| match name.strip_prefix(&*family.name) {
            None => false,
            Some(rest) => rest.is_empty() || family.kind.suffixes().contains(&rest),
        };
        self.0.is_empty() || self.0.iter().any(|name| is(name))
    }
}

/// A part of a query without its percent-encoding. What is no such encoding stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let is_hex = |digits: &&[u8; 2]| digits.iter().all(u8::is_ascii_hexdigit);
        let escaped = after
            .first_chunk()
            .filter(|_| *first == b'%')
            .filter(is_hex);
        let escaped = escaped.and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(escaped.unwrap_or(*first));
        rest = after
            .get(if escaped.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_query_however_they_are_encoded() {
        for (query, expected) in [
            ("/", &[][..]),
            ("/?", &[]),
            ("/?a=b", &[]),
            ("/?name[]=up", &["up"]),
            ("/?name%5B%5D=up&name%5b%5d=a%3Ab", &["up", "a:b"]),
            ("/?x=1&name[]=up&name[]=", &["up", ""]),
            ("/?name[]=%zz%4", &["%zz%4"]),
            ("/?name[]=%+4", &["%+4"]),
        ] {
            let filter = Filter::of(&query.parse().unwrap());
            assert_eq!(filter.0, expected, "{query}");
        }
    }
}
