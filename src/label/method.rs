use super::status::Status;

/// The methods of RFC 9110, with PATCH (RFC 5789) and QUERY.
const STANDARD: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY",
];

/// A method: the index of a standard one, then the number of all others, then those that are listed beside these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Method(u8);

impl Method {
    const HEAD: Self = Self(4);
    const CONNECT: Self = Self(7);
    const QUERY: Self = Self(9);
    pub(super) const OTHER: Self = Self(10);

    #[inline]
    pub(super) fn standard(method: &http::Method) -> Option<Self> {
        Some(Self(match *method {
            http::Method::GET => 0,
            http::Method::POST => 1,
            http::Method::PUT => 2,
            http::Method::DELETE => 3,
            http::Method::HEAD => 4,
            http::Method::PATCH => 5,
            http::Method::OPTIONS => 6,
            http::Method::CONNECT => 7,
            http::Method::TRACE => 8,
            _ => return Self::query(method),
        }))
    }

    // A function of its own, so that the compiler makes a table of the others.
    #[cold]
    fn query(method: &http::Method) -> Option<Self> {
        // Not every `http` 1 has a constant for it.
        (method.as_str() == "QUERY").then_some(Self::QUERY)
    }

    pub(crate) fn is_standard(name: &str) -> bool {
        STANDARD.contains(&name)
    }

    /// One that is listed, by its index among those that are no standard ones.
    pub(super) fn extension(index: usize) -> Self {
        u8::try_from(index).map_or(Self::OTHER, |index| Self(Self::OTHER.0 + 1 + index))
    }

    pub(super) fn extension_index(self) -> Option<usize> {
        self.0.checked_sub(Self::OTHER.0 + 1).map(usize::from)
    }

    pub(super) fn standard_name(self) -> Option<&'static str> {
        STANDARD.get(usize::from(self.0)).copied()
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self(number)
    }

    /// From 0 to 63.
    pub(crate) fn number(self) -> u8 {
        self.0
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
    fn every_standard_method_keeps_its_name() {
        for (index, name) in STANDARD.iter().enumerate() {
            let method = Method::standard(&name.parse().unwrap()).unwrap();
            assert_eq!(
                (method.standard_name(), usize::from(method.number())),
                (Some(*name), index)
            );
        }
        let named = [Method::HEAD, Method::CONNECT, Method::QUERY, Method::OTHER];
        let names = named.map(Method::standard_name);
        assert_eq!(names, [Some("HEAD"), Some("CONNECT"), Some("QUERY"), None]);
    }
}
