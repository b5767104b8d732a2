use std::{error::Error, fmt, path::PathBuf};

/// A mistake in the configuration of an [`Otlp`](crate::Otlp). The message names the value, and the variable or the
/// builder's method.
///
/// Of a header, only the name is shown: its value is often a secret.
///
/// ```
/// use tower_red::{OtlpBuilder, OtlpError};
///
/// let vars = |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "collector:4318".to_owned());
/// let error = OtlpBuilder::from_vars(vars).unwrap_err();
/// assert!(matches!(error, OtlpError::InvalidEndpoint { .. }));
/// assert!(error.to_string().starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: \"collector:4318\" "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtlpError {
    /// The endpoint is not the URL of a receiver.
    InvalidEndpoint {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The endpoint.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header cannot be sent.
    InvalidHeader {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The header, up to where its value begins.
        header: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A time is not a whole number of milliseconds above zero.
    InvalidDuration {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The time.
        duration: String,
    },
    /// The attributes of the resource are not a list of keys and values.
    InvalidAttributes {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The part of the list that is malformed.
        attribute: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file has no usable certificate.
    InvalidCertificate {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// OpenTelemetry has that value, but this crate does not support it.
    Unsupported {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The value.
        value: String,
        /// What is supported.
        supported: &'static str,
    },
}

impl fmt::Display for OtlpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidEndpoint {
                setting,
                endpoint,
                reason,
            } => write!(f, "{setting}: {endpoint:?} {reason}"),
            Self::InvalidHeader {
                setting,
                header,
                reason,
            } => write!(f, "{setting}: the header {header:?} {reason}"),
            Self::InvalidDuration { setting, duration } => write!(
                f,
                "{setting}: {duration:?} is not a whole number of milliseconds above zero"
            ),
            Self::InvalidAttributes {
                setting,
                attribute,
                reason,
            } => write!(f, "{setting}: {attribute:?} {reason}"),
            Self::InvalidCertificate {
                setting,
                path,
                reason,
            } => write!(f, "{setting}: {path:?} {reason}"),
            Self::Unsupported {
                setting,
                value,
                supported,
            } => write!(
                f,
                "{setting}: {value:?} is not supported, write {supported}"
            ),
        }
    }
}

impl Error for OtlpError {}
