//! The variables of OpenTelemetry's specification.

use super::{OtlpBuilder, OtlpProtocol, baggage};
use crate::OtlpError;
use std::{env, time::Duration};

/// A variable, by its name.
type Vars<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that there is for all signals, and for metrics alone.
type Names = [&'static str; 2];

const ENDPOINT: Names = [
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
const PROTOCOL: Names = [
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];
const HEADERS: Names = [
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];
const TIMEOUT: Names = [
    "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
];
const COMPRESSION: Names = [
    "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
];
const CERTIFICATE: Names = [
    "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
];
const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
const EXPORT_TIMEOUT: &str = "OTEL_METRIC_EXPORT_TIMEOUT";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// Takes over what the variables say. Values that nobody knows are ignored with a warning, as the specification wants
/// it; values that are malformed, or that ask for what there is not, are mistakes.
pub(super) fn read_env(mut builder: OtlpBuilder, vars: Vars<'_>) -> OtlpBuilder {
    if let Some((name, value)) = first(vars, PROTOCOL) {
        match value.to_ascii_lowercase().as_str() {
            "http/protobuf" => builder = builder.protocol(OtlpProtocol::HttpProtobuf),
            "grpc" => builder = builder.protocol(OtlpProtocol::Grpc),
            "http/json" => builder.unsupported(name, value, "\"http/protobuf\" or \"grpc\""),
            _ => builder.ignore(name, &value),
        }
    }
    if let Some((name, value)) = first(vars, ENDPOINT) {
        builder = builder.endpoint_of(name, &value, name == ENDPOINT[1]);
    }
    if let Some((name, value)) = first(vars, HEADERS) {
        builder = builder.headers_of(name, &value);
    }
    if let Some((name, value)) = first(vars, COMPRESSION) {
        match value.to_ascii_lowercase().as_str() {
            "gzip" => builder = builder.gzip(true),
            "none" => builder = builder.gzip(false),
            _ => builder.ignore(name, &value),
        }
    }
    if let Some((name, value)) = first(vars, CERTIFICATE) {
        builder = builder.certificate_of(name, value.as_ref());
    }
    if let Some(timeout) = duration(&mut builder, first(vars, TIMEOUT)) {
        builder = builder.timeout(timeout);
    }
    if let Some(interval) = duration(&mut builder, get(vars, INTERVAL)) {
        builder = builder.interval(interval);
    }
    if let Some(timeout) = duration(&mut builder, get(vars, EXPORT_TIMEOUT)) {
        builder = builder.export_timeout(timeout);
    }
    if let Some((name, value)) = get(vars, TEMPORALITY) {
        match value.to_ascii_lowercase().as_str() {
            "cumulative" => {}
            "delta" | "lowmemory" => builder.unsupported(name, value, "\"cumulative\""),
            _ => builder.ignore(name, &value),
        }
    }
    if let Some((name, value)) = get(vars, DISABLED) {
        match value.to_ascii_lowercase().as_str() {
            "true" => builder = builder.enabled(false),
            "false" => {}
            _ => builder.ignore(name, &value),
        }
    }
    read_resource(builder, vars)
}

fn read_resource(mut builder: OtlpBuilder, vars: Vars<'_>) -> OtlpBuilder {
    if let Some((name, list)) = get(vars, ATTRIBUTES) {
        for pair in baggage::pairs(&list) {
            match pair {
                Ok((key, value)) => builder = builder.attribute(key, value),
                Err((member, reason)) => builder.set_error(OtlpError::InvalidAttributes {
                    setting: name,
                    attribute: member.to_owned(),
                    reason,
                }),
            }
        }
    }
    if let Some((_, name)) = get(vars, SERVICE_NAME) {
        builder = builder.service_name(name);
    }
    builder
}

/// The first of these that is set, with its name.
fn first(vars: Vars<'_>, names: Names) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| get(vars, name))
}

/// One that is empty is not set.
fn get(vars: Vars<'_>, name: &'static str) -> Option<(&'static str, String)> {
    let value = vars(name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| (name, value.to_owned()))
}

/// A number of milliseconds.
fn duration(
    builder: &mut OtlpBuilder,
    variable: Option<(&'static str, String)>,
) -> Option<Duration> {
    let (setting, duration) = variable?;
    match duration.parse() {
        Ok(millis) if millis > 0 => Some(Duration::from_millis(millis)),
        _ => {
            builder.set_error(OtlpError::InvalidDuration { setting, duration });
            None
        }
    }
}

impl OtlpBuilder {
    /// The settings that are in the environment's variables: see [`Otlp`](crate::Otlp) for which there are.
    ///
    /// # Errors
    ///
    /// If a variable is malformed, or wants something that there is not.
    pub fn from_env() -> Result<Self, OtlpError> {
        Self::from_vars(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// The same from variables that are elsewhere: `vars` is asked for each by its name.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    ///
    /// ```
    /// use tower_red::OtlpBuilder;
    ///
    /// let vars = |name: &str| (name == "OTEL_METRIC_EXPORT_INTERVAL").then(|| "15s".to_owned());
    /// let error = OtlpBuilder::from_vars(vars).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "OTEL_METRIC_EXPORT_INTERVAL: \"15s\" is not a whole number of milliseconds above zero"
    /// );
    /// ```
    pub fn from_vars(vars: impl Fn(&str) -> Option<String>) -> Result<Self, OtlpError> {
        let mut builder = read_env(Self::default(), &vars);
        builder.error.take().map_or(Ok(builder), Err)
    }

    fn ignore(&mut self, name: &str, value: &str) {
        let warning = format!("{name}: {value:?} is unknown, and ignored");
        self.warnings.push(warning);
    }

    fn unsupported(&mut self, setting: &'static str, value: String, supported: &'static str) {
        self.set_error(OtlpError::Unsupported {
            setting,
            value,
            supported,
        });
    }
}
