//! The default client: with TLS, and with a receiver whose connections end.

use super::{Said, metrics};
use crate::support::{TestLayer, registry::full_registry, serve_hyper, until};
use axum::{Router, body::Bytes, extract::State, routing::post};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use std::{
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use tower_red::{ExportError, Exposition, MetricsLayer, OtlpBuilder, OtlpProtocol};

const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/otlp/certificates");

fn authority() -> String {
    format!("{CERTIFICATES}/authority.pem")
}

type Taken = Arc<Mutex<Vec<ExportMetricsServiceRequest>>>;

/// What takes requests over HTTP.
fn app(taken: &Taken) -> Router {
    async fn take(State(taken): State<Taken>, body: Bytes) {
        let message = ExportMetricsServiceRequest::decode(body).unwrap();
        taken.lock().unwrap().push(message);
    }
    Router::new()
        .route("/v1/metrics", post(take))
        .with_state(Arc::clone(taken))
}

/// What takes calls over gRPC, by the few bytes of HTTP/2 that it takes.
fn grpc_app(taken: &Taken) -> Router {
    async fn take(State(taken): State<Taken>, body: Bytes) -> http::Response<Full<Bytes>> {
        let message = ExportMetricsServiceRequest::decode(&body[5..]).unwrap();
        taken.lock().unwrap().push(message);
        http::Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "0")
            .body(Full::default())
            .unwrap()
    }
    let path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    Router::new()
        .route(path, post(take))
        .with_state(Arc::clone(taken))
}

/// Serves over TLS, and offers that protocol alone.
async fn serve_tls(app: Router, protocol: &[u8]) -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(format!("{CERTIFICATES}/server.pem"));
    let key = PrivateKeyDer::from_pem_file(format!("{CERTIFICATES}/server.key.pem"));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.unwrap()], key.unwrap());
    let mut config = config.unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, app) = (acceptor.clone(), app.clone());
            tokio::spawn(async move {
                // A client that does not trust it goes away.
                if let Ok(stream) = acceptor.accept(stream).await {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let service = TowerToHyperService::new(app);
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                }
            });
        }
    });
    address
}

fn pushing(builder: OtlpBuilder, exposition: &Exposition) -> (tower_red::Otlp, Failures) {
    let failures = Failures::default();
    let told = Arc::clone(&failures);
    let builder = builder
        .timeout(Duration::from_secs(10))
        .on_failure(move |error| told.lock().unwrap().push(error.clone()));
    (builder.build(exposition).unwrap(), failures)
}

type Failures = Arc<Mutex<Vec<ExportError>>>;

#[tokio::test]
async fn a_receiver_with_tls_gets_what_one_without_does() {
    for (protocol, name) in [
        (OtlpProtocol::HttpProtobuf, &b"http/1.1"[..]),
        (OtlpProtocol::Grpc, b"h2"),
    ] {
        for host in ["localhost", "127.0.0.1"] {
            let taken = Taken::default();
            let app = match protocol {
                OtlpProtocol::Grpc => grpc_app(&taken),
                _ => app(&taken),
            };
            let port = serve_tls(app, name).await.port();
            let builder = OtlpBuilder::default()
                .endpoint(format!("https://{host}:{port}"))
                .protocol(protocol)
                .certificate(authority());
            let exposition = Exposition::new(full_registry());
            let (otlp, failures) = pushing(builder, &exposition);
            otlp.run(async {}).await;
            assert_eq!(*failures.lock().unwrap(), [], "{protocol:?} {host}");
            let messages = std::mem::take(&mut *taken.lock().unwrap());
            assert_eq!(messages.len(), 1);
            assert!(Said::of_otlp(&metrics(&messages)).samples.len() > 20);
        }
    }
}

#[tokio::test]
async fn a_receiver_that_nobody_vouches_for_gets_nothing() {
    let taken = Taken::default();
    let port = serve_tls(app(&taken), b"http/1.1").await.port();
    let builder = OtlpBuilder::default()
        .endpoint(format!("https://localhost:{port}"))
        .timeout(Duration::from_millis(400));
    let (_metrics, exposition) = MetricsLayer::pair();
    let failures = Failures::default();
    let told = Arc::clone(&failures);
    let builder = builder.on_failure(move |error| told.lock().unwrap().push(error.clone()));
    builder.build(&exposition).unwrap().run(async {}).await;
    let failures = failures.lock().unwrap();
    let ExportError::Connection { message } = &failures[0] else {
        panic!("{failures:?}");
    };
    assert!(message.contains("UnknownIssuer"), "{message}");
    assert!(taken.lock().unwrap().is_empty());
}

#[test]
fn a_file_without_a_certificate_is_an_error_at_the_start() {
    let (_metrics, exposition) = MetricsLayer::pair();
    for file in ["server.key.pem", "missing.pem"] {
        let path = format!("{CERTIFICATES}/{file}");
        let error = OtlpBuilder::default().certificate(&path);
        let error = error.build(&exposition).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("certificate: {path:?} ")),
            "{error}"
        );
    }
}

/// The number of a sample, as a scrape shows it.
fn count(messages: &[ExportMetricsServiceRequest], name: &str) -> f64 {
    let said = Said::of_otlp(&metrics(messages));
    let samples = said.samples.iter().filter(|((of, _), _)| of == name);
    samples.map(|(_, value)| value.0).sum()
}

#[tokio::test]
async fn a_receiver_that_dies_in_the_middle_of_a_request_gets_everything_once_it_is_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let driven = TestLayer::default();
    driven.take(Duration::from_millis(70), "/users/{id}", 200);
    let builder = OtlpBuilder::default()
        .endpoint(format!("http://{address}"))
        .interval(Duration::from_millis(50));
    let (otlp, failures) = pushing(builder, &driven.exposition);
    let run = tokio::spawn(otlp.run(pending::<()>()));

    // It reads the beginning of a request, and is gone.
    let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
    stream.read_exact(&mut [0; 100]).await.unwrap();
    drop((stream, listener));
    until("a failure", || async {
        !failures.lock().unwrap().is_empty()
    })
    .await;
    driven.take(Duration::from_millis(70), "/users/{id}", 200);

    let taken = Taken::default();
    let listener = TcpListener::bind(address).await.unwrap();
    let served = tokio::spawn(axum::serve(listener, app(&taken)).into_future());
    until("an export", || async { !taken.lock().unwrap().is_empty() }).await;
    let first = taken.lock().unwrap()[0].clone();
    assert_eq!(count(&[first], "http_requests_total"), 2.0);
    run.abort();
    served.abort();
}

#[tokio::test]
async fn one_connection_is_used_for_all_exports() {
    let taken = Taken::default();
    let connections = Arc::new(Mutex::new(0));
    let app = app(&taken);
    // Counts what it is cloned for: once for each connection, and once for each request on it.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            *accepted.lock().unwrap() += 1;
            let service = TowerToHyperService::new(app.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    let (_metrics, exposition) = MetricsLayer::pair();
    let builder = OtlpBuilder::default()
        .endpoint(format!("http://{address}"))
        .interval(Duration::from_millis(20));
    let (otlp, _) = pushing(builder, &exposition);
    let run = tokio::spawn(otlp.run(pending::<()>()));
    until("five exports", || async {
        taken.lock().unwrap().len() >= 5
    })
    .await;
    assert_eq!(*connections.lock().unwrap(), 1);
    run.abort();
}

#[tokio::test]
async fn a_response_that_never_ends_is_given_up() {
    let address = serve_hyper(tower::service_fn(|_| async {
        let endless = tokio_stream::iter(std::iter::repeat_with(|| {
            let frame = http_body::Frame::data(Bytes::from_static(&[0; 65_536]));
            Ok::<_, std::convert::Infallible>(frame)
        }));
        let body = http_body_util::StreamBody::new(endless);
        Ok::<_, std::convert::Infallible>(http::Response::new(BodyExt::boxed(body)))
    }))
    .await;
    let builder = OtlpBuilder::default().endpoint(format!("http://{address}"));
    let (_metrics, exposition) = MetricsLayer::pair();
    let failures = Failures::default();
    let told = Arc::clone(&failures);
    let builder = builder
        .timeout(Duration::from_millis(800))
        .on_failure(move |error| told.lock().unwrap().push(error.clone()));
    builder.build(&exposition).unwrap().run(async {}).await;
    let failures = failures.lock().unwrap();
    let ExportError::Connection { message } = &failures[0] else {
        panic!("{failures:?}");
    };
    assert!(message.contains("4 MiB"), "{message}");
}
