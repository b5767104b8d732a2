//! gRPC calls of a client, whatever answers them: the request alone says what they are.

use crate::support::{
    Body, Scrape, ScriptedBody,
    Step::{self, Bytes, End, Status},
    TestLayer, changes, complete, read, serve_hyper,
};
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Ready, ready},
    time::Duration,
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::{MetricsLayer, RouteTemplate};

const ROUTE: RouteTemplate = RouteTemplate::new("/pkg.Svc/Method");
const NAME: &str = "/pkg.Svc/Method";

/// What a proxy answers, as gRPC's table of HTTP statuses has it, and the error that it is.
const PAGES: [(u16, &str, &str); 15] = [
    (200, "UNKNOWN", "UNKNOWN"),
    (204, "UNKNOWN", "UNKNOWN"),
    (302, "UNKNOWN", "UNKNOWN"),
    (400, "INTERNAL", "400"),
    (401, "UNAUTHENTICATED", "401"),
    (403, "PERMISSION_DENIED", "403"),
    (404, "UNIMPLEMENTED", "404"),
    (405, "UNKNOWN", "405"),
    (418, "UNKNOWN", "418"),
    (429, "UNAVAILABLE", "429"),
    (431, "INTERNAL", "431"),
    (500, "UNKNOWN", "500"),
    (502, "UNAVAILABLE", "502"),
    (503, "UNAVAILABLE", "503"),
    (504, "UNAVAILABLE", "504"),
];

/// What a call changes.
fn counted(status: &str, code: &str, also: Option<(&str, &str, &str)>) -> BTreeMap<String, f64> {
    let labels =
        format!(r#"{{method="POST",route="{NAME}",status="{status}",grpc_status="{code}"}}"#);
    let total = format!("http_client_requests_total{labels}");
    let count = format!("http_client_request_duration_seconds_count{labels}");
    let mut expected = changes([(&total, 1.0), (&count, 1.0)]);
    if let Some((family, label, value)) = also {
        let labels = format!(r#"{{method="POST",route="{NAME}",{label}="{value}"}}"#);
        expected.insert(format!("http_client_{family}_total{labels}"), 1.0);
    }
    expected
}

fn failed(status: &str, code: &str, error: &str) -> BTreeMap<String, f64> {
    counted(status, code, Some(("errors", "error", error)))
}

fn cancelled(status: &str, code: &str, phase: &str) -> BTreeMap<String, f64> {
    counted(status, code, Some(("requests_cancelled", "phase", phase)))
}

#[tokio::test]
async fn a_call_that_a_proxy_answers_with_a_page_has_failed() {
    let proxy = serve_hyper(service_fn(async |request: Request<Incoming>| {
        let status: u16 = request.headers()["ask"].to_str().unwrap().parse().unwrap();
        let page = match status {
            204 => Body::default(),
            _ => Body::from("<h1>not now</h1>"),
        };
        let head = Response::builder().status(status);
        let head = head.header("content-type", "text/html");
        Ok::<_, Infallible>(head.body(page).unwrap())
    }))
    .await;
    for over_http2 in [false, true] {
        for (status, code, error) in PAGES {
            let (metrics, exposition) = MetricsLayer::builder().client().pair().unwrap();
            let client = Client::builder(TokioExecutor::new())
                .http2_only(over_http2)
                .build_http::<Body>();
            let request = Request::post(format!("http://{proxy}{NAME}"))
                .header("content-type", "application/grpc+proto")
                .header("ask", status)
                .extension(ROUTE)
                .body(Body::default());
            let response = metrics.layer(client).oneshot(request.unwrap()).await;
            response.unwrap().into_body().collect().await.unwrap();
            let all = Scrape::of(&exposition).await.since(&Scrape::default());
            let expected = failed(&status.to_string(), code, error);
            assert_eq!(all, expected, "over HTTP/2: {over_http2}");
        }
    }
}

// ---- Step by step.

fn client() -> TestLayer {
    TestLayer::new(MetricsLayer::builder().client())
}

fn call() -> Request<()> {
    let request = Request::post("http://peer/pkg.Svc/Method").extension(ROUTE);
    let request = request.header("content-type", "application/grpc");
    request.header("grpc-timeout", "1S").body(()).unwrap()
}

fn page(status: u16, script: &[Step]) -> Response<ScriptedBody> {
    let head = Response::builder().status(status);
    let head = head.header("content-type", "text/html");
    head.body(ScriptedBody::new(script)).unwrap()
}

#[tokio::test]
async fn a_page_is_a_failed_call_whatever_it_carries() {
    let script = [Bytes(4), Status("0")];
    for (status, code, error) in PAGES {
        let layer = client();
        let mut response = page(status, &script);
        let zero = HeaderValue::from_static("0");
        response.headers_mut().insert("grpc-status", zero);
        read(layer.respond(call(), response).into_body());
        let expected = failed(&status.to_string(), code, error);
        assert_eq!(layer.all().await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_page_of_a_declared_length_is_complete_with_its_bytes() {
    let layer = client();
    let mut response = page(503, &[Bytes(8)]);
    let eight = HeaderValue::from_static("8");
    response.headers_mut().insert("content-length", eight);
    read(layer.respond(call(), response).into_body());
    assert_eq!(layer.all().await, failed("503", "UNAVAILABLE", "503"));
}

#[tokio::test]
async fn a_call_without_a_response_has_a_code_all_the_same() {
    let layer = client();
    let refuse = service_fn(|_: Request<()>| ready(Err::<Response<Body>, _>("refused")));
    let refused = layer.metrics.layer(refuse).call(call()).now_or_never();
    refused.unwrap().unwrap_err();
    let expected = failed("_none", "UNKNOWN", "service");
    assert_eq!(layer.all().await, expected);

    for (waited, expected) in [
        (Duration::ZERO, cancelled("_none", "CANCELLED", "head")),
        (
            Duration::from_secs(2),
            failed("_none", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        ),
    ] {
        let layer = client();
        let never = layer.never(call());
        layer.clock.advance(waited);
        drop(never);
        assert_eq!(layer.all().await, expected);
    }
}

#[tokio::test]
async fn a_page_that_is_left_midway_is_a_cancelled_call() {
    let layer = client();
    read(layer.respond(call(), page(200, &[Bytes(4)])).into_body());
    assert_eq!(layer.all().await, cancelled("200", "CANCELLED", "body"));
}

/// Of the same bytes on both sides.
#[tokio::test]
async fn a_server_s_page_is_no_call() {
    let layer = TestLayer::new(MetricsLayer::builder().routes([NAME]));
    let response = page(200, &[Bytes(4), End]);
    read(layer.respond(call(), response).into_body());
    let expected = complete("POST", NAME, "200");
    assert_eq!(layer.all().await, expected);
}

/// As much a type as a test: a client's errors pass through.
#[tokio::test]
async fn the_error_of_a_call_passes_through() {
    let layer = client();
    let refuse =
        |_: Request<()>| -> Ready<Result<Response<Body>, &'static str>> { ready(Err("refused")) };
    let mut client = layer.metrics.layer(service_fn(refuse));
    let refused = client.call(call()).await;
    assert_eq!(refused.unwrap_err(), "refused");
}
