use super::{
    Otlp, OtlpBuilder, client::client, endpoint::Endpoint, exporter::Exporter, resource::Resource,
    sender::Sender, tls,
};
use crate::{Exposition, OtlpError};
use http::{HeaderValue, header};

/// What receivers see of who sends, by the form that the specification asks for.
const USER_AGENT: &str = concat!(
    env!("CARGO_PKG_NAME"),
    "-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION")
);

impl OtlpBuilder {
    /// What pushes the metrics of an endpoint, if all settings are valid.
    pub(super) fn into_otlp(self, exposition: &Exposition) -> Result<Otlp, OtlpError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let endpoint = self.endpoint;
        let endpoint = endpoint.unwrap_or_else(|| Endpoint::default_of(self.protocol));
        let uri = endpoint.resolve(self.protocol)?;
        let client = self.client.unwrap_or_else(|| {
            let tls = || tls::config(self.protocol, self.certificates.as_deref());
            let has_tls = uri.scheme_str() == Some("https");
            Box::new(client(self.protocol, has_tls.then(tls)))
        });
        let mut headers = self.headers;
        headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(USER_AGENT));
        let receiver = uri.authority().map_or("", |authority| authority.as_str());
        let exporter = Exporter {
            counts: exposition.export_counts(receiver),
            exposition: exposition.clone(),
            resource: Resource::of_this_process(),
            configured: self.resource,
            sender: Sender {
                client,
                protocol: self.protocol,
                uri,
                headers,
                timeout: self.timeout,
                is_gzip: self.is_gzip,
            },
            on_failure: self.on_failure,
            not_before: None,
        };
        Ok(Otlp {
            exporter: exporter_if(self.is_enabled, exporter),
            interval: self.interval,
            export_timeout: self.export_timeout,
            last_timeout: self.timeout,
        })
    }
}

fn exporter_if(is_enabled: bool, exporter: Exporter) -> Option<Exporter> {
    let has_metrics = exporter.counts.is_some();
    (is_enabled && has_metrics).then_some(exporter)
}
