use crate::ScrapeError;
use std::{error::Error, fmt, time::Duration};

/// Why an export failed. [`OtlpBuilder::on_failure`](crate::OtlpBuilder::on_failure) receives it.
///
/// Nothing is lost: values are cumulative, so the next export that succeeds has all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportError {
    /// The metrics are invalid: a scrape would be refused, too.
    Metrics {
        /// What is wrong with them.
        error: ScrapeError,
    },
    /// There was no connection, or it broke before there was a response.
    Connection {
        /// The client's message.
        message: String,
    },
    /// There was no response within the timeout.
    Timeout,
    /// The receiver cannot take the export now, but may later.
    Unavailable {
        /// The status: `503 Service Unavailable`, or a gRPC code as `UNAVAILABLE`.
        status: String,
        /// What the receiver says of it; often empty.
        message: String,
        /// How long it asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// The receiver refuses the export, and would refuse it again.
    Refused {
        /// The status: `401 Unauthorized`, or a gRPC code as `UNAUTHENTICATED`.
        status: String,
        /// What the receiver says of it; often empty.
        message: String,
    },
    /// The receiver took the export except for some data points. This does not count as a failure.
    Rejected {
        /// How many data points were not taken.
        points: u64,
        /// What the receiver says of it.
        message: String,
    },
}

impl ExportError {
    /// The causes of failures, by which they are counted.
    pub(crate) const CAUSES: [&str; 5] =
        ["connection", "metrics", "refused", "timeout", "unavailable"];

    /// The value of the label `cause`.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Connection { .. } => "connection",
            Self::Metrics { .. } => "metrics",
            Self::Refused { .. } | Self::Rejected { .. } => "refused",
            Self::Timeout => "timeout",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |f: &mut fmt::Formatter<'_>, message: &str| match message {
            "" => Ok(()),
            message => write!(f, ": {message}"),
        };
        match self {
            Self::Metrics { error } => write!(f, "the metrics cannot be exported: {error}"),
            Self::Connection { message } => {
                f.write_str("no response from the receiver")?;
                said(f, message)
            }
            Self::Timeout => f.write_str("no response from the receiver in time"),
            Self::Unavailable {
                status, message, ..
            } => {
                write!(f, "the receiver is not available, {status}")?;
                said(f, message)
            }
            Self::Refused { status, message } => {
                write!(f, "the receiver refused the export, {status}")?;
                said(f, message)
            }
            Self::Rejected { points, message } => {
                write!(f, "the receiver rejected {points} data points")?;
                said(f, message)
            }
        }
    }
}

// What it is about is in the message already: as its source, it would be in a report twice.
impl Error for ExportError {}
