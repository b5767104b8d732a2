//! Requests that may come have their series before they do.

use crate::support::{CLASSIC, Ending, OPEN_METRICS, TestLayer, text, two_buckets};
use http::Request;
use std::time::Duration;
use tower_red::{MetricsLayer, MetricsLayerBuilder, Naming, RouteTemplate};

fn builder() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

/// All samples.
async fn samples(layer: &TestLayer) -> Vec<String> {
    let text = text(&layer.exposition, CLASSIC).await;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

async fn send(layer: &TestLayer, request: Request<()>, ending: Ending) {
    layer
        .send(request, (Duration::ZERO, Duration::ZERO), ending)
        .await;
}

#[tokio::test]
async fn they_exist_with_0_and_nothing_is_observed() {
    let layer = TestLayer::new(builder().initialize([("GET", "/a")]));
    let expected = [
        r#"http_requests_total{method="GET",route="/a",status="200"} 0"#,
        r#"http_requests_total{method="GET",route="/a",status="500"} 0"#,
        r#"http_errors_total{method="GET",route="/a",error="500"} 0"#,
        r#"http_request_duration_seconds_bucket{le="0.1",method="GET",route="/a",status="200"} 0"#,
        r#"http_request_duration_seconds_bucket{le="1.0",method="GET",route="/a",status="200"} 0"#,
        r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/a",status="200"} 0"#,
        r#"http_request_duration_seconds_sum{method="GET",route="/a",status="200"} 0.0"#,
        r#"http_request_duration_seconds_count{method="GET",route="/a",status="200"} 0"#,
        r#"http_request_duration_seconds_bucket{le="0.1",method="GET",route="/a",status="500"} 0"#,
        r#"http_request_duration_seconds_bucket{le="1.0",method="GET",route="/a",status="500"} 0"#,
        r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/a",status="500"} 0"#,
        r#"http_request_duration_seconds_sum{method="GET",route="/a",status="500"} 0.0"#,
        r#"http_request_duration_seconds_count{method="GET",route="/a",status="500"} 0"#,
        r#"http_requests_in_flight{method="GET",route="/a"} 0"#,
        "http_overflowed_requests_total 0",
        "http_label_sets 2",
    ];
    assert_eq!(samples(&layer).await, expected);
    let request = Request::get("/a").extension(RouteTemplate::new("/a"));
    send(&layer, request.body(()).unwrap(), Ending::Answer(500)).await;
    let after = samples(&layer).await;
    assert_eq!(after.len(), expected.len());
    assert!(after.contains(&expected[2].replace("} 0", "} 1")));
    let open_metrics = text(&layer.exposition, OPEN_METRICS).await;
    assert!(
        open_metrics.contains(&expected[1].replace("} 0", "} 1")),
        "{open_metrics}"
    );
}

#[tokio::test]
async fn grpc_methods_are_declared_and_exist() {
    let layer = TestLayer::new(builder().initialize_grpc(["/pkg.Svc/Do"]));
    let totals = async |layer: &TestLayer, start: &str| {
        let samples = samples(layer).await;
        samples
            .into_iter()
            .filter(|line| line.starts_with(start))
            .collect::<Vec<_>>()
    };
    let expected = [
        r#"http_requests_total{method="POST",route="/pkg.Svc/Do",status="200",grpc_status="OK"} 0"#,
        r#"http_requests_total{method="POST",route="/pkg.Svc/Do",status="200",grpc_status="INTERNAL"} 0"#,
    ];
    assert_eq!(totals(&layer, "http_requests_total").await, expected);
    // A method that never worked has its name.
    let call = Request::post("/pkg.Svc/Do").header("content-type", "application/grpc");
    send(&layer, call.body(()).unwrap(), Ending::Grpc("13")).await;
    let expected = [r#"http_errors_total{method="POST",route="/pkg.Svc/Do",error="INTERNAL"} 1"#];
    assert_eq!(totals(&layer, "http_errors_total").await, expected);
}

#[cfg(feature = "grpc-descriptors")]
#[tokio::test]
async fn a_descriptor_set_declares_every_method_of_every_service() {
    use prost::Message;
    use prost_types::{
        FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
    };
    let method = |name: &str| MethodDescriptorProto {
        name: Some(name.to_owned()),
        ..Default::default()
    };
    let service = |name: &str, methods: &[&str]| ServiceDescriptorProto {
        name: Some(name.to_owned()),
        method: methods.iter().map(|name| method(name)).collect(),
        ..Default::default()
    };
    let file = |package: Option<&str>, service| FileDescriptorProto {
        package: package.map(str::to_owned),
        service,
        ..Default::default()
    };
    let set = FileDescriptorSet {
        file: vec![
            file(Some("shop.v1"), vec![service("Orders", &["Pay", "Cancel"])]),
            file(None, vec![service("Bare", &["Ping"])]),
        ],
    };
    let layer = TestLayer::new(builder().grpc_descriptor_set(&set.encode_to_vec()));
    let samples = samples(&layer).await;
    for route in [
        "/shop.v1.Orders/Pay",
        "/shop.v1.Orders/Cancel",
        "/Bare/Ping",
    ] {
        let start = format!("http_requests_total{{method=\"POST\",route=\"{route}\"");
        assert_eq!(
            samples
                .iter()
                .filter(|line| line.starts_with(&start))
                .count(),
            2
        );
    }
    // What clients invent is counted under its service.
    let call = Request::post("/shop.v1.Orders/Steal").header("content-type", "application/grpc");
    send(&layer, call.body(()).unwrap(), Ending::Grpc("12")).await;
    let text = text(&layer.exposition, CLASSIC).await;
    assert!(text.contains("route=\"/shop.v1.Orders/_OTHER\""), "{text}");

    let error = builder()
        .grpc_descriptor_set(b"\x0a\xff")
        .pair()
        .unwrap_err();
    assert!(
        matches!(error, tower_red::BuildError::InvalidDescriptorSet { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn under_opentelemetrys_names_they_exist_by_version_and_for_a_client_by_peer() {
    let layer = TestLayer::new(
        builder()
            .naming(Naming::OpenTelemetry)
            .initialize([("GET", "/a")]),
    );
    let samples_of = async |layer: &TestLayer, part: &str| {
        let samples = samples(layer).await;
        samples.iter().filter(|line| line.contains(part)).count()
    };
    // Two statuses over two versions.
    assert_eq!(samples_of(&layer, "_duration_seconds_count{").await, 4);
    assert_eq!(samples_of(&layer, r#"error_type="500""#).await, 2 * 5);

    let client = builder()
        .client()
        .peers(["billing"])
        .initialize([("GET", "/a")]);
    let layer = TestLayer::new(client);
    assert_eq!(
        samples_of(
            &layer,
            r#"requests_total{method="GET",route="/a",peer="billing""#
        )
        .await,
        2
    );
    assert_eq!(
        samples_of(
            &layer,
            r#"requests_total{method="GET",route="/a",peer="_OTHER""#
        )
        .await,
        2
    );
}

#[tokio::test]
async fn they_count_against_the_budget_and_skipped_routes_have_none() {
    let pairs = (0..5).map(|number| ("GET", format!("/{number}")));
    let layer = TestLayer::new(builder().max_label_sets(4).initialize(pairs));
    let samples_then = samples(&layer).await;
    assert!(
        samples_then.contains(&String::from("http_label_sets 6")),
        "{samples_then:#?}"
    );
    let overflow = samples_then
        .iter()
        .filter(|line| line.contains("requests_total{method=\"GET\",route=\"_overflow\""));
    assert_eq!(overflow.count(), 2);

    let layer = TestLayer::new(builder().skip(["/a"]).initialize([("GET", "/a")]));
    assert_eq!(samples(&layer).await.len(), 2);
}

#[test]
fn what_can_never_come_is_refused() {
    let error = builder()
        .initialize([("BREW", "/a"), ("GET", "a")])
        .initialize_grpc(["/pkg.Svc"])
        .pair()
        .unwrap_err();
    let expected = "\
there are 3 mistakes:
- method \"BREW\" is not allowed: it is in `initialize`, and is not a known method
- route \"a\" is not allowed in `initialize`: it does not begin with `/`
- route \"/pkg.Svc\" is not allowed in `initialize_grpc`: a method's path has the form \"/package.Service/Method\"";
    assert_eq!(error.to_string(), expected);
    let _ = builder()
        .methods(["BREW"])
        .initialize([("BREW", "/a")])
        .pair()
        .unwrap();
    let _ = builder()
        .initialize([("GET", "_unmatched")])
        .pair()
        .unwrap();
}
