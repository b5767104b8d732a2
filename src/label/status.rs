use super::OTHER;
use http::StatusCode;
use std::fmt;

/// A status code from 100 to 599, or any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Status(u16);

impl Status {
    /// nginx's code for a client that closed the connection before there was a response.
    pub(crate) const CLIENT_CLOSED: Self = Self(499);
    pub(crate) const INTERNAL: Self = Self(500);
    const OTHER: Self = Self(600);

    pub(crate) fn of(code: StatusCode) -> Self {
        // `StatusCode` itself begins at 100, and ends at 999.
        Self(code.as_u16().min(Self::OTHER.0))
    }

    pub(crate) fn from_number(number: u16) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u16 {
        self.0
    }

    /// Whether responses with it end with their head, whatever body they carry.
    pub(crate) fn has_no_body(self) -> bool {
        self.0 < 200 || self.0 == 204 || self.0 == 304
    }

    pub(crate) fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }

    pub(crate) fn is_server_error(self) -> bool {
        (500..600).contains(&self.0)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::OTHER {
            f.write_str(OTHER)
        } else {
            fmt::Display::fmt(&self.0, f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_from_100_to_599_keep_their_digits_and_the_rest_is_other() {
        for code in 100..=999 {
            let status = Status::of(StatusCode::from_u16(code).unwrap());
            let expected = if code < 600 {
                code.to_string()
            } else {
                "_OTHER".into()
            };
            assert_eq!(status.to_string(), expected);
        }
    }
}
