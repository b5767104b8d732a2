use super::{OTHER, status::Status};

/// The methods of RFC 9110, with PATCH (RFC 5789) and QUERY. Every other becomes `_OTHER`.
const KNOWN: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY",
];
/// A method of a fixed list: its index, or one past the end for the rest. In the upper bits the version of
/// HTTP, where a label shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Method(u8);

const INDEX_BITS: u32 = 5;
const VERSIONS: [(http::Version, &str); 5] = [
    (http::Version::HTTP_11, "1.1"),
    (http::Version::HTTP_2, "2"),
    (http::Version::HTTP_3, "3"),
    (http::Version::HTTP_10, "1.0"),
    (http::Version::HTTP_09, "0.9"),
];

impl Method {
    pub(crate) const GET: Self = Self(0);
    pub(crate) const POST: Self = Self(1);
    const HEAD: Self = Self(4);
    const CONNECT: Self = Self(7);

    pub(crate) fn of(method: &http::Method) -> Self {
        Self(match *method {
            http::Method::GET => 0,
            http::Method::POST => 1,
            http::Method::PUT => 2,
            http::Method::DELETE => 3,
            http::Method::HEAD => 4,
            http::Method::PATCH => 5,
            http::Method::OPTIONS => 6,
            http::Method::CONNECT => 7,
            http::Method::TRACE => 8,
            _ => return Self::extension(method),
        })
    }

    // Apart, so that the others are read from a table.
    #[cold]
    fn extension(method: &http::Method) -> Self {
        // Not a constant in every `http` 1.
        Self(if method.as_str() == "QUERY" { 9 } else { 10 })
    }

    /// With the version, if it is known.
    pub(crate) fn over(self, version: http::Version) -> Self {
        let known = VERSIONS.iter().position(|(known, _)| *known == version);
        let version = known.map_or(0, |index| index as u8 + 1);
        Self(self.alone().0 | version << INDEX_BITS)
    }

    /// Without a version.
    pub(crate) fn alone(self) -> Self {
        Self(self.0 & ((1 << INDEX_BITS) - 1))
    }

    pub(crate) fn version(self) -> Option<&'static str> {
        let index = usize::from(self.0 >> INDEX_BITS).checked_sub(1)?;
        VERSIONS.get(index).map(|(_, name)| *name)
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn as_str(self) -> &'static str {
        let index = usize::from(self.alone().0);
        KNOWN.get(index).copied().unwrap_or(OTHER)
    }

    /// Whether a response to it ends with its head: to HEAD it does, and to CONNECT once it succeeded.
    pub(crate) fn has_no_body(self, status: Status) -> bool {
        let method = self.alone();
        method == Self::HEAD || (method == Self::CONNECT && status.is_success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_method_keeps_its_name() {
        for (index, name) in KNOWN.iter().enumerate() {
            let method = Method::of(&name.parse().unwrap());
            assert_eq!(
                (method.as_str(), usize::from(method.number())),
                (*name, index)
            );
        }
        let named = [Method::GET, Method::POST, Method::HEAD, Method::CONNECT];
        assert_eq!(
            named.map(Method::as_str),
            ["GET", "POST", "HEAD", "CONNECT"]
        );
    }

    #[test]
    fn a_version_leaves_the_method_as_it_is() {
        let other = Method::of(&"BREW".parse().unwrap());
        for method in [Method::GET, Method::HEAD, other] {
            for (version, name) in VERSIONS {
                let over = method.over(version);
                assert_eq!(over.version(), Some(name));
                assert_eq!((over.alone(), over.as_str()), (method, method.as_str()));
                assert_eq!(over.over(http::Version::HTTP_2).version(), Some("2"));
            }
            assert_eq!(method.version(), None);
        }
    }

    #[test]
    fn every_other_method_is_other() {
        for name in ["BREW", "get", "GETS", "G", "PROPFIND"] {
            assert_eq!(Method::of(&name.parse().unwrap()).as_str(), "_OTHER");
        }
    }
}
