use super::{OtlpBody, OtlpProtocol, tls::Connector};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;
use tokio_rustls::rustls::ClientConfig;

/// How long a connection is kept that nothing is sent over: longer than most intervals.
const IDLE: Duration = Duration::from_secs(90);

/// The client of who brings none: one connection, over HTTP/1.1 or HTTP/2.
pub(super) fn client(
    protocol: OtlpProtocol,
    tls: Option<ClientConfig>,
) -> Client<Connector, OtlpBody> {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .http2_only(protocol == OtlpProtocol::Grpc)
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1);
    builder.build(Connector::new(tls))
}
