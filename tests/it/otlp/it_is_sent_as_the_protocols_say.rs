//! Over sockets, to receivers that are not ours, by the client of who brings none.

use super::{Said, metrics};
use crate::support::{
    CLASSIC, OPEN_METRICS, TestLayer,
    registry::{full_registry, hostile},
    serve, text,
};
use axum::{Router, body::Bytes, extract::State, routing::post};
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
    metrics_service_server::{MetricsService, MetricsServiceServer},
};
use prost::Message;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tonic::{Code, Request, Response, Status, codec::CompressionEncoding, metadata::MetadataMap};
use tower_http::decompression::RequestDecompressionLayer;
use tower_red::{ExportError, Exposition, MetricsLayer, OtlpBuilder, OtlpProtocol};

type Taken<T> = Arc<Mutex<Vec<(T, ExportMetricsServiceRequest)>>>;

/// A receiver over HTTP.
async fn http_receiver() -> (SocketAddr, Taken<HeaderMap>) {
    async fn take(
        State(taken): State<Taken<HeaderMap>>,
        headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, Vec<u8>) {
        let message = ExportMetricsServiceRequest::decode(body).unwrap();
        taken.lock().unwrap().push((headers, message));
        let response = ExportMetricsServiceResponse::default();
        (StatusCode::OK, response.encode_to_vec())
    }
    let taken = Taken::default();
    let app = Router::new()
        .route("/v1/metrics", post(take))
        .layer(RequestDecompressionLayer::new())
        .with_state(Arc::clone(&taken));
    (serve(app).await, taken)
}

/// A receiver over gRPC, which answers as it is told to.
#[derive(Clone, Default)]
struct Service {
    taken: Taken<MetadataMap>,
    replies: Arc<Mutex<Vec<Result<ExportMetricsServiceResponse, Status>>>>,
}

#[tonic::async_trait]
impl MetricsService for Service {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let metadata = request.metadata().clone();
        self.taken
            .lock()
            .unwrap()
            .push((metadata, request.into_inner()));
        let reply = self.replies.lock().unwrap().pop();
        reply
            .unwrap_or_else(|| Ok(Default::default()))
            .map(Response::new)
    }
}

impl Service {
    async fn serve(&self) -> SocketAddr {
        let service = MetricsServiceServer::new(self.clone());
        let service = service.accept_compressed(CompressionEncoding::Gzip);
        serve(tonic::service::Routes::new(service).into_axum_router()).await
    }
}

fn builder(address: SocketAddr, protocol: OtlpProtocol) -> OtlpBuilder {
    OtlpBuilder::default()
        .endpoint(format!("http://{address}"))
        .protocol(protocol)
        .header("x-tenant", "shop")
}

fn without_pushes(mut said: Said) -> Said {
    said.families.retain(|name, _| !name.starts_with("otlp_"));
    said.samples
        .retain(|(name, _), _| !name.starts_with("otlp_"));
    said
}

/// Of a scrape, what does not tell of the push: that changes with time.
async fn scraped(exposition: &Exposition) -> Said {
    let without_pushes = async |accept| {
        let text = text(exposition, accept).await;
        let lines = text.lines().filter(|line| !line.contains("otlp_"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let classic = without_pushes(CLASSIC).await;
    Said::of_text(&classic, &without_pushes(OPEN_METRICS).await)
}

fn full() -> TestLayer {
    TestLayer::new(hostile(MetricsLayer::builder()).registry(full_registry()))
}

#[tokio::test]
async fn a_receiver_over_http_gets_what_a_scrape_shows() {
    let (address, taken) = http_receiver().await;
    let driven = full();
    let _in_flight = driven.take_some();
    for gzip in [false, true] {
        let builder = builder(address, OtlpProtocol::HttpProtobuf).gzip(gzip);
        builder
            .build(&driven.exposition)
            .unwrap()
            .run(async {})
            .await;
        let (headers, message) = taken.lock().unwrap().pop().unwrap();
        assert_eq!(headers["content-type"], "application/x-protobuf");
        assert_eq!(headers["x-tenant"], "shop");
        assert_eq!(headers.contains_key("content-length"), !gzip);
        let said = Said::of_otlp(&metrics(&[message]));
        assert_eq!(without_pushes(said), scraped(&driven.exposition).await);
    }
}

#[tokio::test]
async fn a_receiver_over_grpc_gets_what_a_scrape_shows() {
    let service = Service::default();
    let address = service.serve().await;
    let driven = full();
    let _in_flight = driven.take_some();
    for gzip in [false, true] {
        let builder = builder(address, OtlpProtocol::Grpc).gzip(gzip);
        builder
            .build(&driven.exposition)
            .unwrap()
            .run(async {})
            .await;
        let (metadata, message) = service.taken.lock().unwrap().pop().unwrap();
        assert_eq!(metadata.get("x-tenant").unwrap(), "shop");
        assert_eq!(metadata.get("grpc-timeout").unwrap(), "10000m");
        assert!(metadata.get("user-agent").is_some());
        let said = Said::of_otlp(&metrics(&[message]));
        assert_eq!(without_pushes(said), scraped(&driven.exposition).await);
    }
    let text = text(&driven.exposition, CLASSIC).await;
    assert!(text.contains(&format!("otlp_exports_total{{receiver=\"{address}\"}} 2\n")));
}

/// What comes of one try against a service that answers that way.
async fn failure(reply: Result<ExportMetricsServiceResponse, Status>) -> Option<ExportError> {
    let service = Service::default();
    let address = service.serve().await;
    service.replies.lock().unwrap().push(reply);
    let failures = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&failures);
    let builder = builder(address, OtlpProtocol::Grpc)
        .on_failure(move |error| told.lock().unwrap().push(error.clone()));
    let (_metrics, exposition) = MetricsLayer::pair();
    builder.build(&exposition).unwrap().run(async {}).await;
    let count = service.taken.lock().unwrap().len();
    let error = failures.lock().unwrap().pop();
    // What may pass was tried again, and the rest was not.
    let is_retried = matches!(error, Some(ExportError::Unavailable { .. }));
    assert_eq!(count, 1 + usize::from(is_retried), "{error:?}");
    error
}

#[tokio::test]
async fn grpc_codes_are_tried_again_as_the_specification_says() {
    let retried = [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unavailable,
        Code::DataLoss,
    ];
    let refused = [
        Code::Unknown,
        Code::InvalidArgument,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Unimplemented,
        Code::Internal,
        Code::Unauthenticated,
    ];
    // Together, since each waits for its second try.
    let all = retried.into_iter().chain(refused);
    join_all(all.map(|code| async move {
        let error = failure(Err(Status::new(code, "not n\u{f6}w"))).await;
        let message = match error {
            Some(ExportError::Unavailable { message, .. }) if retried.contains(&code) => message,
            Some(ExportError::Refused { message, .. }) if refused.contains(&code) => message,
            other => panic!("{code:?}: {other:?}"),
        };
        assert_eq!(message, "not n\u{f6}w");
    }))
    .await;
}

#[tokio::test]
async fn an_exhausted_receiver_is_asked_again_if_it_says_when() {
    // `google.rpc.Status` with a `RetryInfo` of half a second, by their numbers.
    let kind = b"type.googleapis.com/google.rpc.RetryInfo";
    let delay = [0x10, 0x80, 0xca, 0xb5, 0xee, 1];
    let info = [&[0xa, delay.len() as u8][..], &delay].concat();
    let any = [
        &[0xa, kind.len() as u8][..],
        kind,
        &[0x12, info.len() as u8],
        &info,
    ]
    .concat();
    let details = [&[0x1a, any.len() as u8][..], &any].concat();
    let status = Status::with_details(Code::ResourceExhausted, "slow down", details.into());
    let error = failure(Err(status)).await;
    assert_eq!(
        error,
        Some(ExportError::Unavailable {
            status: "RESOURCE_EXHAUSTED".into(),
            message: "slow down".into(),
            retry_after: Some(Duration::from_millis(500)),
        })
    );
}

#[tokio::test]
async fn a_partial_success_is_told_over_grpc_too() {
    let error = failure(Ok(ExportMetricsServiceResponse {
        partial_success: Some(ExportMetricsPartialSuccess {
            rejected_data_points: 3,
            error_message: "too old".into(),
        }),
    }));
    let message = "too old".to_owned();
    assert_eq!(
        error.await,
        Some(ExportError::Rejected { points: 3, message })
    );
    assert_eq!(failure(Ok(Default::default())).await, None);
}

#[tokio::test]
async fn a_proxy_that_answers_a_call_with_a_page_has_a_code() {
    for (code, expected) in [
        (503, "UNAVAILABLE"),
        (401, "UNAUTHENTICATED"),
        (404, "UNIMPLEMENTED"),
    ] {
        let status = StatusCode::from_u16(code).unwrap();
        let address =
            serve(Router::new().fallback(move || async move { (status, "a page") })).await;
        let failures = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&failures);
        let builder = builder(address, OtlpProtocol::Grpc)
            .timeout(Duration::from_millis(300))
            .on_failure(move |error| told.lock().unwrap().push(error.clone()));
        let (_metrics, exposition) = MetricsLayer::pair();
        builder.build(&exposition).unwrap().run(async {}).await;
        let failures = failures.lock().unwrap();
        let (ExportError::Unavailable { status, .. } | ExportError::Refused { status, .. }) =
            &failures[0]
        else {
            panic!("{failures:?}");
        };
        assert_eq!(status, expected);
    }
}
