use std::{error::Error, fmt};

/// Why a scrape was answered with 500. The message, which is also the text of the response, names the cause.
///
/// It is in the extensions of that response, so a layer can log it:
///
/// ```
/// use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_red::{Exposition, ScrapeError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (sender, receiver) = std::sync::mpsc::channel();
/// # let log = move |line: String| sender.send(line).unwrap();
/// let mut registry = Registry::default();
/// registry.register("queue-depth", "Jobs that wait", Gauge::<i64>::default());
///
/// let exposition = ServiceBuilder::new()
///     .map_response(move |response: http::Response<_>| {
///         if let Some(error) = response.extensions().get::<ScrapeError>() {
///             log(format!("scrape refused: {error}"));
///         }
///         response
///     })
///     .service(Exposition::new(registry));
///
/// let response = exposition.oneshot(http::Request::new(())).await?;
/// assert_eq!(response.status(), 500);
/// # let logged = receiver.recv()?;
/// assert!(logged.starts_with("scrape refused: metric family \"queue-depth\" has a name that"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScrapeError {
    /// A metric or a collector of the registry returned an error.
    Encode,
    /// A metric or a collector of the registry panicked.
    Panic,
    /// Two families have the same name, or one's samples have the other's name.
    DuplicateFamily {
        /// The name of the family that comes second.
        family: String,
        /// The name of the one before it.
        other: String,
    },
    /// No metric may have that name.
    InvalidName {
        /// The name of the family.
        family: String,
    },
    /// A family's text is malformed: its help text has a line break, or its name a space.
    MalformedFamily {
        /// The name of the family, as far as it can be made out.
        family: String,
    },
    /// A text that is shown with `beside` is not in the classic text format 0.0.4.
    MalformedText {
        /// The name of the family, as far as it can be made out.
        family: String,
        /// The number of the malformed line, from 1.
        line: usize,
    },
    /// A function that was given to `beside` panicked.
    TextPanic,
    /// No label may have that name.
    InvalidLabel {
        /// The name of the family.
        family: String,
        /// The name of the label.
        label: String,
    },
    /// A series has two labels of the same name.
    DuplicateLabel {
        /// The name of the family.
        family: String,
        /// The name of the label.
        label: String,
    },
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode => f.write_str("a metric of the registry failed to encode itself"),
            Self::Panic => f.write_str("a metric or a collector of the registry panicked"),
            Self::DuplicateFamily { family, other } if family == other => {
                write!(f, "metric family {family:?} is registered more than once")
            }
            Self::DuplicateFamily { family, other } => {
                write!(
                    f,
                    "metric families {family:?} and {other:?} have a name in common"
                )
            }
            Self::InvalidName { family } => write!(
                f,
                "metric family {family:?} has a name that does not match [a-zA-Z_:][a-zA-Z0-9_:]*"
            ),
            Self::MalformedFamily { family } => write!(
                f,
                "metric family {family:?} is malformed: its help text has a line break, or its name a space"
            ),
            Self::MalformedText { family, line } => write!(
                f,
                "metric family {family:?} is malformed: line {line} of the text that `beside` was given"
            ),
            Self::TextPanic => f.write_str("a function that `beside` was given panicked"),
            Self::InvalidLabel { family, label } => write!(
                f,
                "metric family {family:?} has a label {label:?}, whose name does not match [a-zA-Z_][a-zA-Z0-9_]*"
            ),
            Self::DuplicateLabel { family, label } => write!(
                f,
                "metric family {family:?} has a series with more than one label {label:?}"
            ),
        }
    }
}

impl Error for ScrapeError {}
