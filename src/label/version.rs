/// The version of HTTP, as a label shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u8);

const KNOWN: [(http::Version, &str); 5] = [
    (http::Version::HTTP_11, "1.1"),
    (http::Version::HTTP_2, "2"),
    (http::Version::HTTP_3, "3"),
    (http::Version::HTTP_10, "1.0"),
    (http::Version::HTTP_09, "0.9"),
];

impl Version {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const HTTP_11: Self = Self(1);
    pub(crate) const HTTP_2: Self = Self(2);

    pub(crate) fn from_http(version: http::Version) -> Self {
        let known = KNOWN.iter().position(|(known, _)| *known == version);
        Self(known.map_or(0, |index| index as u8 + 1))
    }

    /// From 0 to 7.
    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self(number)
    }

    pub(crate) fn as_str(self) -> Option<&'static str> {
        let index = usize::from(self.0).checked_sub(1)?;
        KNOWN.get(index).map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_versions_are_those_of_requests() {
        for (named, version) in [
            (Version::HTTP_11, http::Version::HTTP_11),
            (Version::HTTP_2, http::Version::HTTP_2),
        ] {
            assert_eq!(named, Version::from_http(version));
        }
    }
}
