use super::{OTHER, status::Status};

/// The methods of RFC 9110, with PATCH (RFC 5789) and QUERY. Every other becomes `_OTHER`.
const KNOWN: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY",
];
const HEAD: Method = Method(4);
const CONNECT: Method = Method(7);

/// A method of a fixed list: its index, or one past the end for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Method(u8);

impl Method {
    pub(crate) fn of(method: &http::Method) -> Self {
        let index = match *method {
            http::Method::GET => 0,
            http::Method::POST => 1,
            http::Method::PUT => 2,
            http::Method::DELETE => 3,
            http::Method::HEAD => 4,
            http::Method::PATCH => 5,
            http::Method::OPTIONS => 6,
            http::Method::CONNECT => 7,
            http::Method::TRACE => 8,
            _ => 9,
        };
        // Not a constant in every `http` 1. Apart, so that the others are read from a table.
        if index == 9 && method.as_str() != "QUERY" {
            return Self(10);
        }
        Self(index)
    }

    pub(crate) fn from_index(index: u8) -> Self {
        Self(index)
    }

    pub(crate) fn index(self) -> u8 {
        self.0
    }

    pub(crate) fn as_str(self) -> &'static str {
        KNOWN.get(usize::from(self.0)).copied().unwrap_or(OTHER)
    }

    /// Whether a response to it ends with its head: to HEAD it does, and to CONNECT once it succeeded.
    pub(crate) fn has_no_body(self, status: Status) -> bool {
        self == HEAD || (self == CONNECT && status.is_success())
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
                (method.as_str(), usize::from(method.index())),
                (*name, index)
            );
        }
        assert_eq!((HEAD.as_str(), CONNECT.as_str()), ("HEAD", "CONNECT"));
    }

    #[test]
    fn every_other_method_is_other() {
        for name in ["BREW", "get", "GETS", "G", "PROPFIND"] {
            assert_eq!(Method::of(&name.parse().unwrap()).as_str(), "_OTHER");
        }
    }
}
