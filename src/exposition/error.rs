use std::{fmt, io};

/// Why a scrape is refused. Prometheus would reject, or misread, what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ScrapeError {
    /// A metric or a collector of the registry returned an error.
    Encode,
    /// A metric or a collector of the registry panicked.
    Panic,
    /// Two families have the same name, or one's samples have the other's name.
    Duplicate { family: String, other: String },
    /// No metric may have that name.
    IllegalName { family: String },
    /// The text of a family is no exposition: a line break in its help text, or a space in its name.
    Malformed { family: String },
    /// The compression failed, as it does without memory.
    Compress { reason: String },
}

impl From<io::Error> for ScrapeError {
    fn from(error: io::Error) -> Self {
        Self::Compress {
            reason: error.to_string(),
        }
    }
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode => f.write_str("a metric of the registry failed to encode itself"),
            Self::Panic => f.write_str("a metric or a collector of the registry panicked"),
            Self::Duplicate { family, other } if family == other => {
                write!(f, "metric family {family:?} is registered more than once")
            }
            Self::Duplicate { family, other } => {
                write!(
                    f,
                    "metric families {family:?} and {other:?} have a name in common"
                )
            }
            Self::IllegalName { family } => write!(
                f,
                "metric family {family:?} has a name that does not match [a-zA-Z_:][a-zA-Z0-9_:]*"
            ),
            Self::Malformed { family } => write!(
                f,
                "metric family {family:?} is malformed: its help text has a line break, or its name a space"
            ),
            Self::Compress { reason } => write!(f, "the text cannot be compressed: {reason}"),
        }
    }
}
