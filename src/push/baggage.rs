//! Lists of keys and values in a variable, in the form of W3C Baggage: `key=value,other=value%2C`.

/// The pairs of such a list, or what is malformed of it, and why.
pub(super) fn pairs(
    list: &str,
) -> impl Iterator<Item = Result<(&str, String), (&str, &'static str)>> {
    let members = list.split(',').map(str::trim);
    members.filter(|member| !member.is_empty()).map(|member| {
        let (key, value) = member
            .split_once('=')
            .ok_or((member, "has no \"=\" between name and value"))?;
        let (key, value) = (key.trim(), value.trim());
        match (key, decode(value)) {
            ("", _) => Err((member, "has no name before \"=\"")),
            (_, None) => Err((member, "has a value that is not percent-encoded UTF-8")),
            (key, Some(value)) => Ok((key, value)),
        }
    })
}

/// Text without percent-encoding.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        let is_hex = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(code, 16).ok().filter(|_| is_hex)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_its_pairs() {
        let read = |list: &'static str| pairs(list).collect::<Result<Vec<_>, _>>();
        let list = " a = b , c=d%2C%20%C3%A9,, e==f,g=,";
        let expected = [("a", "b"), ("c", "d, \u{e9}"), ("e", "=f"), ("g", "")];
        let expected = expected.map(|(key, value)| (key, value.to_owned()));
        assert_eq!(read(list).unwrap(), expected);
        assert_eq!(read("").unwrap(), []);
        for (list, member) in [
            ("a=b,c", "c"),
            ("=b", "=b"),
            ("a=%", "a=%"),
            ("a=%2", "a=%2"),
            ("a=%+1", "a=%+1"),
            ("a=%ff", "a=%ff"),
            ("a=%\u{e9}", "a=%\u{e9}"),
        ] {
            assert_eq!(read(list).unwrap_err().0, member);
        }
    }
}
