/// The scheme of an outgoing request, as a label shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// No label shows it, or the request's URI has none.
    #[default]
    None,
    Http,
    Https,
    Other,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::None, Self::Http, Self::Https, Self::Other];

    pub(crate) fn from_uri(uri: &http::Uri) -> Self {
        match uri.scheme_str() {
            None => Self::None,
            Some("http") => Self::Http,
            Some("https") => Self::Https,
            Some(_) => Self::Other,
        }
    }

    /// From 0 to 3.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL[usize::from(number) % Self::ALL.len()]
    }

    /// `None` for [`Self::None`].
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Http => Some("http"),
            Self::Https => Some("https"),
            Self::Other => Some(super::OTHER),
        }
    }
}
