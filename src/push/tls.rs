//! Connections, with TLS where the endpoint has it.

use super::{OtlpProtocol, transport::BoxError};
use crate::OtlpError;
use http::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use std::{
    future::Future,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tower_service::Service;

/// A connection of whatever kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Connection for Box<dyn Stream> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Makes the connections of the default client.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: Option<TlsConnector>,
}

impl Connector {
    pub(super) fn new(tls: Option<ClientConfig>) -> Self {
        let mut tcp = HttpConnector::new();
        // Else it would refuse `https`.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            tcp,
            tls: tls.map(|config| Arc::new(config).into()),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default();
        // An address of IPv6 is in brackets there, and not in certificates.
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let tcp = self.tcp.call(uri);
        let tls = self.tls.clone();
        Box::pin(async move {
            let tcp = tcp.await?.into_inner();
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(tcp),
                Some(tls) => Box::new(tls.connect(ServerName::try_from(host)?, tcp).await?),
            };
            Ok(TokioIo::new(stream))
        })
    }
}

/// How a receiver proves who it is: by the certificates in that file, or else by those of Mozilla's list.
pub(super) fn config(
    protocol: OtlpProtocol,
    certificates: Option<&[CertificateDer<'static>]>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    match certificates {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(certificates) => {
            roots.add_parsable_certificates(certificates.iter().cloned());
        }
    }
    // Named, so that it does not matter what the program has chosen for itself.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.expect("the provider has cipher suites for these versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = match protocol {
        OtlpProtocol::HttpProtobuf => vec![b"http/1.1".to_vec()],
        OtlpProtocol::Grpc => vec![b"h2".to_vec()],
    };
    config
}

/// The certificates in a file of PEM, of which at least one can be used.
pub(super) fn read_certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, OtlpError> {
    let invalid = |reason: String| OtlpError::InvalidCertificate {
        setting,
        path: path.to_owned(),
        reason,
    };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = read.map_err(|error| invalid(format!("cannot be read: {error}")))?;
    let (usable, _) = RootCertStore::empty().add_parsable_certificates(certificates.clone());
    match usable {
        0 => Err(invalid("contains no certificate".to_owned())),
        _ => Ok(certificates),
    }
}
