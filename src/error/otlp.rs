use std::{error::Error, fmt, path::PathBuf};

/// What is wrong with the configuration of an [`Otlp`](crate::Otlp). Its message names the variable, or the builder's
/// method, and the value.
///
/// Of headers, only the name is shown: what comes after it is often a secret.
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
    /// The endpoint is no URL of a receiver.
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
    /// A time is no whole number of milliseconds above zero.
    InvalidDuration {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The time.
        duration: String,
    },
    /// The attributes of the resource are no list of keys and values.
    InvalidAttributes {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The part of the list that is malformed.
        attribute: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no certificate that could be trusted in that file.
    InvalidCertificate {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The value is one that OpenTelemetry knows, and this crate does not have.
    Unsupported {
        /// The variable, or the builder's method.
        setting: &'static str,
        /// The value.
        value: String,
        /// What there is.
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
