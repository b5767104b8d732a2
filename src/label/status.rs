use super::OTHER;
use http::StatusCode;
use std::{fmt, num::NonZero};

/// A status code from 100 to 599, or a number that stands for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Status(NonZero<u16>);

impl Status {
    /// nginx's code for a client that closed the connection before there was a response.
    pub(crate) const CLIENT_CLOSED: Self = Self(NonZero::new(499).unwrap());
    pub(crate) const OK: Self = Self(NonZero::new(200).unwrap());
    pub(crate) const INTERNAL: Self = Self(NonZero::new(500).unwrap());
    const OTHER: Self = Self(NonZero::new(600).unwrap());
    /// Stands for the status of a client's request that got no response.
    pub(crate) const NONE: Self = Self(NonZero::new(601).unwrap());

    pub(crate) fn from_http(code: StatusCode) -> Self {
        // A `StatusCode` is between 100 and 999.
        Self::from_number(code.as_u16()).map_or(Self::OTHER, |status| status.min(Self::OTHER))
    }

    /// `None` for 0.
    pub(crate) fn from_number(number: u16) -> Option<Self> {
        NonZero::new(number).map(Self)
    }

    pub(crate) fn number(self) -> u16 {
        self.0.get()
    }

    /// `2xx` of a code from 200 to 299; `None` if it is no code.
    pub(crate) fn class(self) -> Option<&'static str> {
        const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        let class = (self.number() / 100).checked_sub(1)?;
        CLASSES.get(usize::from(class)).copied()
    }

    /// The lowest code of its class, or itself if it is no code.
    pub(crate) fn first_of_class(self) -> Self {
        match self.class() {
            Some(_) => Self::from_number(self.number() / 100 * 100).unwrap_or(self),
            None => self,
        }
    }

    /// Whether it is a code from 100 to 599.
    pub(crate) fn is_known(self) -> bool {
        self < Self::OTHER
    }

    /// Whether responses with it end with their head, whatever body they carry.
    #[inline]
    pub(super) fn has_no_body(self) -> bool {
        self.number() != 200 && matches!(self.number(), 0..200 | 204 | 304)
    }

    pub(crate) fn is_success(self) -> bool {
        (200..300).contains(&self.number())
    }

    pub(crate) fn is_client_error(self) -> bool {
        (400..500).contains(&self.number())
    }

    pub(crate) fn is_server_error(self) -> bool {
        (500..600).contains(&self.number())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OTHER => f.write_str(OTHER),
            Self::NONE => f.write_str("_none"),
            Self(code) => fmt::Display::fmt(&code, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_from_100_to_599_keep_their_digits_and_the_rest_is_other() {
        for code in 100..=999 {
            let status = Status::from_http(StatusCode::from_u16(code).unwrap());
            let expected = if code < 600 {
                code.to_string()
            } else {
                "_OTHER".into()
            };
            assert_eq!(status.to_string(), expected);
        }
    }
}
