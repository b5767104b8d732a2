use super::{OTHER, status::Status};

/// The methods of RFC 9110, with PATCH (RFC 5789) and QUERY. All others become `_OTHER`.
const KNOWN: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY",
];

/// A method, by its index in the list of known ones, or one past the end for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Method(u8);

impl Method {
    #[cfg(test)]
    pub(crate) const GET: Self = Self(0);
    const HEAD: Self = Self(4);
    const CONNECT: Self = Self(7);

    pub(crate) fn from_http(method: &http::Method) -> Self {
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

    // A function of its own, so that the compiler makes a table of the others.
    #[cold]
    fn extension(method: &http::Method) -> Self {
        // Not every `http` 1 has a constant for it.
        Self(if method.as_str() == "QUERY" { 9 } else { 10 })
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self(number)
    }

    /// From 0 to 63.
    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn as_str(self) -> &'static str {
        let index = usize::from(self.0);
        KNOWN.get(index).copied().unwrap_or(OTHER)
    }

    /// Whether a response with that status ends with its head, whatever body it carries. With HEAD it always does,
    /// with CONNECT if it is a success.
    #[inline]
    pub(crate) fn has_no_body(self, status: Status) -> bool {
        status.has_no_body() || self == Self::HEAD || (self == Self::CONNECT && status.is_success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_method_keeps_its_name() {
        for (index, name) in KNOWN.iter().enumerate() {
            let method = Method::from_http(&name.parse().unwrap());
            assert_eq!(
                (method.as_str(), usize::from(method.number())),
                (*name, index)
            );
        }
        let named = [Method::GET, Method::HEAD, Method::CONNECT];
        assert_eq!(named.map(Method::as_str), ["GET", "HEAD", "CONNECT"]);
    }

    #[test]
    fn every_other_method_is_other() {
        for name in ["BREW", "get", "GETS", "G", "PROPFIND"] {
            assert_eq!(Method::from_http(&name.parse().unwrap()).as_str(), "_OTHER");
        }
    }
}
