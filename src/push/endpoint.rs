use super::OtlpProtocol;
use crate::OtlpError;
use http::{Uri, uri::PathAndQuery};

const HTTP_PATH: &str = "v1/metrics";
const GRPC_PATH: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Where a receiver listens.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    uri: Uri,
    /// The variable, or the builder's method, that says so.
    setting: &'static str,
    /// Whether the path of metrics comes after it.
    is_base: bool,
}

impl Endpoint {
    pub(super) fn default_of(protocol: OtlpProtocol) -> Self {
        Self {
            uri: Uri::from_static(match protocol {
                OtlpProtocol::HttpProtobuf => "http://localhost:4318",
                OtlpProtocol::Grpc => "http://localhost:4317",
            }),
            setting: "",
            is_base: true,
        }
    }

    pub(super) fn parse(
        setting: &'static str,
        text: &str,
        is_base: bool,
    ) -> Result<Self, OtlpError> {
        let invalid = |reason: &str| OtlpError::InvalidEndpoint {
            setting,
            endpoint: text.to_owned(),
            reason: reason.to_owned(),
        };
        let uri: Uri = text.parse().map_err(|_| invalid("is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(invalid("does not begin with \"http://\" or \"https://\""));
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err(invalid("has no host"));
        }
        if uri.authority().is_some_and(|it| it.as_str().contains('@')) {
            // Not shown: there may be a password in it.
            return Err(OtlpError::InvalidEndpoint {
                setting,
                endpoint: uri.host().unwrap_or_default().to_owned(),
                reason: "has a user before it: write a header `authorization` instead".to_owned(),
            });
        }
        Ok(Self {
            uri,
            setting,
            is_base,
        })
    }

    /// The URL that requests are sent to.
    pub(super) fn resolve(self, protocol: OtlpProtocol) -> Result<Uri, OtlpError> {
        let path = self.uri.path();
        let path = match (protocol, self.is_base) {
            (OtlpProtocol::HttpProtobuf, false) => return Ok(self.uri),
            (OtlpProtocol::HttpProtobuf, true) => {
                let slash = if path.ends_with('/') { "" } else { "/" };
                let query = self.uri.query().map(|query| format!("?{query}"));
                format!("{path}{slash}{HTTP_PATH}{}", query.unwrap_or_default())
            }
            (OtlpProtocol::Grpc, _) if path == "/" => GRPC_PATH.to_owned(),
            (OtlpProtocol::Grpc, _) => {
                return Err(self.invalid("has a path, and gRPC has one of its own"));
            }
        };
        let path: PathAndQuery = path.parse().map_err(|_| self.invalid("is not a URL"))?;
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|_| self.invalid("is not a URL"))
    }

    fn invalid(&self, reason: &str) -> OtlpError {
        OtlpError::InvalidEndpoint {
            setting: self.setting,
            endpoint: self.uri.to_string(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, is_base: bool, protocol: OtlpProtocol) -> Result<String, OtlpError> {
        let endpoint = Endpoint::parse("endpoint", text, is_base)?;
        endpoint.resolve(protocol).map(|uri| uri.to_string())
    }

    #[test]
    fn a_base_gets_the_path_of_metrics_and_nothing_else_does() {
        use OtlpProtocol::{Grpc, HttpProtobuf};
        for (text, is_base, protocol, expected) in [
            ("http://a:1", true, HttpProtobuf, "http://a:1/v1/metrics"),
            ("http://a:1/", true, HttpProtobuf, "http://a:1/v1/metrics"),
            (
                "https://a/otlp",
                true,
                HttpProtobuf,
                "https://a/otlp/v1/metrics",
            ),
            (
                "https://a/otlp/",
                true,
                HttpProtobuf,
                "https://a/otlp/v1/metrics",
            ),
            (
                "http://[::1]:1/a?b=c",
                true,
                HttpProtobuf,
                "http://[::1]:1/a/v1/metrics?b=c",
            ),
            ("http://a:1", false, HttpProtobuf, "http://a:1/"),
            ("http://a:1/b/c", false, HttpProtobuf, "http://a:1/b/c"),
        ] {
            assert_eq!(resolve(text, is_base, protocol).unwrap(), expected);
        }
        let expected = format!("http://a:1{GRPC_PATH}");
        for is_base in [true, false] {
            assert_eq!(resolve("http://a:1", is_base, Grpc).unwrap(), expected);
            assert_eq!(resolve("http://a:1/", is_base, Grpc).unwrap(), expected);
            assert!(resolve("http://a:1/otlp", is_base, Grpc).is_err());
        }
    }

    #[test]
    fn what_is_no_receivers_url_is_an_error_that_shows_it() {
        for text in [
            "a",
            "a:4318",
            "localhost:4317",
            "ftp://a",
            "http://",
            "http:///b",
            "http://a b",
            "://a",
        ] {
            let error = Endpoint::parse("SETTING", text, true).unwrap_err();
            let message = error.to_string();
            assert!(message.starts_with("SETTING: "), "{message}");
            assert!(message.contains(&format!("{text:?}")), "{message}");
        }
        let error = Endpoint::parse("SETTING", "http://me:secret@a", true).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
