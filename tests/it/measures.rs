//! What is measured only if it is asked for: when a response starts, and how large bodies are.

use crate::support::{
    Body, CLASSIC, Ending, OPEN_METRICS, ScriptedBody, Step, TestLayer, http1, http2, request,
    serve, settled, text, two_buckets,
};
use axum::{
    Router,
    routing::{get, post},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use prometheus_client::registry::Registry;
use std::time::Duration;
use tower::ServiceExt;
use tower_red::{
    Buckets, BuildError, DurationStatus, MetricsLayer, MetricsLayerBuilder, Naming, RouteTemplate,
};

fn builder() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

fn sizes() -> Buckets {
    Buckets::custom([10.0, 1_000.0]).unwrap()
}

fn get_root() -> Request<()> {
    let request = Request::get("/").extension(RouteTemplate::new("/"));
    request.body(()).unwrap()
}

/// The samples of a family that are no buckets, without their name.
async fn samples(layer: &TestLayer, family: &str) -> Vec<String> {
    let text = text(&layer.exposition, CLASSIC).await;
    let lines = text.lines().filter_map(|line| line.strip_prefix(family));
    let lines = lines.filter(|line| line.starts_with("_sum") || line.starts_with("_count"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn nothing_of_it_is_there_unless_it_is_asked_for() {
    let layer = TestLayer::new(builder());
    layer.respond(get_root(), Response::new(String::from("hello")));
    let text = text(&layer.exposition, CLASSIC).await;
    for family in ["response_start", "body_bytes"] {
        assert!(!text.contains(family), "{text}");
    }
}

#[tokio::test]
async fn a_response_starts_with_its_head() {
    let layer = TestLayer::new(builder().response_start_buckets(two_buckets()));
    let half = Duration::from_millis(500);
    layer
        .send(get_root(), (half, half), Ending::Answer(200))
        .await;
    layer
        .send(get_root(), (half, half), Ending::LeftInBody)
        .await;
    // These have no response.
    layer
        .send(get_root(), (half, half), Ending::ServiceFails)
        .await;
    layer
        .send(get_root(), (half, half), Ending::LeftBeforeHead)
        .await;
    let expected = [
        r#"_sum{method="GET",route="/",status="200"} 1.0"#,
        r#"_count{method="GET",route="/",status="200"} 2"#,
        r#"_sum{method="GET",route="/",status="499"} 0.0"#,
        r#"_count{method="GET",route="/",status="499"} 0"#,
        r#"_sum{method="GET",route="/",status="500"} 0.0"#,
        r#"_count{method="GET",route="/",status="500"} 0"#,
    ];
    assert_eq!(
        samples(&layer, "http_response_start_seconds").await,
        expected
    );
    let durations = samples(&layer, "http_request_duration_seconds").await;
    assert_eq!(
        durations[0],
        r#"_sum{method="GET",route="/",status="200"} 2.0"#
    );
}

#[tokio::test]
async fn or_with_the_first_bytes_of_its_body() {
    let layer = TestLayer::new(builder().time_to_first_byte());
    let mut body = Box::pin(
        layer
            .respond(
                get_root(),
                Response::new(ScriptedBody::new(&[Step::Data, Step::Data, Step::End])),
            )
            .into_body(),
    );
    layer.clock.advance(Duration::from_millis(250));
    for _ in 0..3 {
        let _ = body.frame().await;
        layer.clock.advance(Duration::from_secs(1));
    }
    // Without a body, there are no first bytes.
    layer.respond(get_root(), Response::new(String::new()));
    let expected = [
        r#"_sum{method="GET",route="/",status="200"} 0.25"#,
        r#"_count{method="GET",route="/",status="200"} 1"#,
    ];
    assert_eq!(
        samples(&layer, "http_response_start_seconds").await,
        expected
    );
    let text = text(&layer.exposition, CLASSIC).await;
    assert!(text.contains("Time from the call to the first bytes of the response body."));
}

/// What a client downloads and uploads of this, by way of a real server.
async fn exchange(version: u8) -> (Vec<String>, Vec<String>) {
    let (metrics, exposition) = builder()
        .response_body_buckets(sizes())
        .request_body_buckets(sizes())
        .pair()
        .unwrap();
    let stream = || async {
        let parts = ["ab", "", "cde"].map(|part| Ok::<_, std::io::Error>(Bytes::from(part)));
        axum::body::Body::from_stream(futures_util::stream::iter(parts))
    };
    let app = Router::new()
        .route("/", get(|| async { "x".repeat(2_000) }))
        .route("/stream", get(stream))
        .route("/empty", get(|| async {}))
        .route(
            "/upload",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .layer(metrics);
    let address = serve(app).await;
    let (mut first, mut second) = (http1(address).await, http2(address).await);
    let uploads = |body: &'static str| {
        let mut upload = request("POST", &format!("http://{address}/upload"));
        *upload.body_mut() = Full::new(Bytes::from(body));
        upload
    };
    let plain = |method: &str, path: &str| request(method, &format!("http://{address}{path}"));
    let requests: Vec<Request<Body>> = vec![
        plain("GET", "/"),
        plain("HEAD", "/"),
        plain("GET", "/stream"),
        plain("GET", "/empty"),
        uploads("hello"),
        uploads("hello, world"),
    ];
    for request in requests {
        let response = match version {
            1 => first.send_request(request).await.unwrap(),
            _ => second.send_request(request).await.unwrap(),
        };
        response.into_body().collect().await.unwrap();
    }
    let scrape = settled(&exposition).await;
    let shown = |family: &str| {
        let all = scrape.0.iter();
        let all = all.filter(|(series, _)| {
            series.starts_with(&format!("{family}_sum"))
                || series.starts_with(&format!("{family}_count"))
        });
        all.map(|(series, value)| format!("{} {value}", &series[family.len()..]))
            .collect()
    };
    (
        shown("http_response_body_bytes"),
        shown("http_request_body_bytes"),
    )
}

#[tokio::test]
async fn bodies_are_as_large_as_what_passed_and_what_was_declared() {
    for version in [1, 2] {
        let (responses, requests) = exchange(version).await;
        let expected = [
            r#"_count{method="GET",route="/",status="200"} 1"#,
            r#"_count{method="GET",route="/empty",status="200"} 1"#,
            r#"_count{method="GET",route="/stream",status="200"} 1"#,
            r#"_count{method="HEAD",route="/",status="200"} 1"#,
            r#"_count{method="POST",route="/upload",status="200"} 2"#,
            r#"_sum{method="GET",route="/",status="200"} 2000"#,
            r#"_sum{method="GET",route="/empty",status="200"} 0"#,
            r#"_sum{method="GET",route="/stream",status="200"} 5"#,
            r#"_sum{method="HEAD",route="/",status="200"} 0"#,
            r#"_sum{method="POST",route="/upload",status="200"} 3"#,
        ];
        assert_eq!(responses, expected, "HTTP/{version}");
        let uploads: Vec<_> = requests
            .iter()
            .filter(|line| line.contains("/upload"))
            .collect();
        let expected = [
            r#"_count{method="POST",route="/upload",status="200"} 2"#,
            r#"_sum{method="POST",route="/upload",status="200"} 17"#,
        ];
        assert_eq!(uploads, expected, "HTTP/{version}");
    }
}

#[tokio::test]
async fn what_passed_of_a_body_that_was_left_or_broke_is_counted() {
    let layer = TestLayer::new(builder().response_body_buckets(sizes()));
    let none = (Duration::ZERO, Duration::ZERO);
    layer.send(get_root(), none, Ending::Answer(200)).await;
    let whole = samples(&layer, "http_response_body_bytes").await;
    layer.send(get_root(), none, Ending::LeftInBody).await;
    layer.send(get_root(), none, Ending::BodyFails).await;
    let all = samples(&layer, "http_response_body_bytes").await;
    let number = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap();
    // Two frames the first time, and one of them each time after that.
    assert_eq!(number(&all[0]), 2.0 * number(&whole[0]));
    assert_eq!(number(&all[1]), 3.0);
}

#[tokio::test]
async fn a_request_that_does_not_say_its_size_has_none() {
    let (metrics, exposition) = builder().request_body_bytes().pair().unwrap();
    let app = Router::new()
        .route("/", post(|| async {}))
        .layer(metrics)
        .with_state(());
    let declared = Request::post("/").header("content-length", "5");
    let declared = declared.body(axum::body::Body::from("hello")).unwrap();
    app.clone().oneshot(declared).await.unwrap();
    let stream = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let body = axum::body::Body::from_stream(stream);
    app.oneshot(Request::post("/").body(body).unwrap())
        .await
        .unwrap();
    let text = text(&exposition, CLASSIC).await;
    let labels = r#"{method="POST",route="/",status="200"}"#;
    assert!(
        text.contains(&format!("http_request_body_bytes_sum{labels} 5.0\n")),
        "{text}"
    );
    assert!(
        text.contains(&format!("http_request_body_bytes_count{labels} 1\n")),
        "{text}"
    );
}

#[tokio::test]
async fn a_client_that_declares_more_than_any_body_does_not_spoil_the_sum() {
    let layer = TestLayer::new(builder().request_body_bytes());
    let tebibyte = 1_u64 << 40;
    for declared in [5, tebibyte + 1, u64::MAX / 2 + 5, u64::MAX, 6, tebibyte] {
        let mut request = get_root();
        let declared = declared.to_string().parse().unwrap();
        request.headers_mut().insert("content-length", declared);
        layer.respond(request, Response::new(String::new()));
    }
    let sum = format!(
        r#"_sum{{method="GET",route="/",status="200"}} {}.0"#,
        tebibyte + 11
    );
    let expected = [
        sum.as_str(),
        r#"_count{method="GET",route="/",status="200"} 3"#,
    ];
    assert_eq!(samples(&layer, "http_request_body_bytes").await, expected);
}

#[tokio::test]
async fn every_naming_has_names_for_it() {
    let all = |naming: Naming| {
        builder()
            .naming(naming)
            .response_start()
            .response_body_bytes()
            .request_body_bytes()
    };
    for (naming, expected) in [
        (
            Naming::Prometheus,
            [
                "http_response_start_seconds",
                "http_response_body_bytes",
                "http_request_body_bytes",
            ],
        ),
        (
            Naming::OpenTelemetry,
            [
                "http_server_response_start_seconds",
                "http_server_response_body_size_bytes",
                "http_server_request_body_size_bytes",
            ],
        ),
        (
            Naming::AxumPrometheus,
            [
                "axum_http_response_start_seconds",
                "axum_http_response_body_size",
                "axum_http_request_body_size",
            ],
        ),
    ] {
        let layer = TestLayer::new(all(naming));
        layer.respond(get_root(), Response::new(String::from("hello")));
        for family in expected {
            let text = text(&layer.exposition, OPEN_METRICS).await;
            assert!(
                text.contains(&format!("# TYPE {family} histogram\n")),
                "{text}"
            );
            // A unit is told only of a name that ends with it.
            let unit = family.rsplit_once('_').unwrap().1;
            let told = text.contains(&format!("# UNIT {family} {unit}\n"));
            assert_eq!(told, unit != "size", "{family}");
        }
    }
    let mut registry = Registry::default();
    let layer = TestLayer::register(all(Naming::Prometheus), &mut registry);
    layer.respond(get_root(), Response::new(String::from("hello")));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(
        text.contains("# UNIT http_response_body_bytes bytes\n"),
        "{text}"
    );
}

#[tokio::test]
async fn they_have_the_labels_of_the_durations() {
    let builder = builder()
        .duration_status(DurationStatus::Class)
        .response_body_bytes();
    let layer = TestLayer::new(builder);
    layer.respond(get_root(), Response::new(String::new()));
    let expected = [
        r#"_sum{method="GET",route="/",status="2xx"} 0.0"#,
        r#"_count{method="GET",route="/",status="2xx"} 1"#,
    ];
    assert_eq!(samples(&layer, "http_response_body_bytes").await, expected);
}

#[test]
fn buckets_of_sizes_are_whole_bytes() {
    for (bounds, wrong) in [
        (vec![0.5, 10.0], 0.5),
        (vec![1.0, 1.2], 1.2),
        (vec![0.2], 0.2),
    ] {
        let buckets = Buckets::custom(bounds).unwrap();
        let error = builder()
            .response_body_buckets(buckets.clone())
            .pair()
            .unwrap_err();
        assert_eq!(error, BuildError::InvalidSize { bound: wrong });
        let error = builder().request_body_buckets(buckets).pair().unwrap_err();
        assert_eq!(error, BuildError::InvalidSize { bound: wrong });
    }
    let _ = builder()
        .response_body_buckets(Buckets::bytes())
        .pair()
        .unwrap();
}
