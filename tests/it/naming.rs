//! Each convention's names, units, labels and buckets, held against its published table.

use crate::support;
use crate::support::{
    Body, CLASSIC, Ending, OPEN_METRICS, TestLayer, http1, http2, request, serve, settled, text,
    two_buckets,
};
use axum::{Router, routing::get};
use http::{Request, Response};
use prometheus_client::registry::Registry;
use std::{convert::Infallible, future::ready, time::Duration};
use tower::{Layer, Service, service_fn};
use tower_red::{Exposition, LabelNames, MetricsLayer, MetricsLayerBuilder, Naming, RouteTemplate};

/// A request, and how it ends.
#[derive(Clone, Copy)]
enum Case {
    /// By a response with that status.
    Status(u16),
    /// By an error of the service.
    Fails,
    /// By being dropped in the head.
    DroppedInHead,
    /// By being dropped in the body.
    DroppedInBody,
    /// As a gRPC call with that code.
    Grpc(&'static str),
    /// As a gRPC call that is dropped in the head.
    GrpcDropped,
}

/// One that takes a quarter of a second.
async fn drive(layer: &TestLayer, case: Case) {
    let ending = match case {
        Case::Status(status) => Ending::Answer(status),
        Case::Fails => Ending::ServiceFails,
        Case::DroppedInHead | Case::GrpcDropped => Ending::LeftBeforeHead,
        Case::DroppedInBody => Ending::LeftInBody,
        Case::Grpc(code) => Ending::Grpc(code),
    };
    let request = match case {
        Case::Grpc(_) | Case::GrpcDropped => {
            Request::post("/shop.Orders/Place").header("content-type", "application/grpc")
        }
        _ => Request::get("/users/7").extension(RouteTemplate::new("/users/{id}")),
    };
    let quarter = (Duration::from_millis(250), Duration::ZERO);
    let request = request.body(()).unwrap();
    layer.send(request, quarter, ending).await;
}

/// Everything a layer shows after one request of each kind.
async fn shown(builder: MetricsLayerBuilder, cases: &[Case], accept: &str) -> String {
    let driven = TestLayer::new(builder.buckets(two_buckets()));
    for case in cases {
        drive(&driven, *case).await;
    }
    text(&driven.exposition, accept).await
}

#[tokio::test]
async fn open_telemetry_by_the_letter_and_absent_means_absent() {
    let cases = [
        Case::Status(200),
        Case::Status(404),
        Case::Status(503),
        Case::Fails,
        Case::DroppedInHead,
        Case::DroppedInBody,
    ];
    let builder = MetricsLayer::builder().naming(Naming::OpenTelemetry);
    let text = shown(builder, &cases, OPEN_METRICS).await;
    let series = |labels: &str, count: u32| {
        let first = r#"http_request_method="GET",http_route="/users/{id}""#;
        let last = r#"url_scheme="http",network_protocol_version="1.1""#;
        let labels = format!("{first},{labels}{last}");
        let name = "http_server_request_duration_seconds";
        format!(
            "{name}_bucket{{le=\"0.1\",{labels}}} 0\n\
             {name}_bucket{{le=\"1.0\",{labels}}} {count}\n\
             {name}_bucket{{le=\"+Inf\",{labels}}} {count}\n\
             {name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}\n",
            sum = f64::from(count) * 0.25,
        )
    };
    let expected = [
        "# TYPE http_server_request_duration_seconds histogram\n\
         # UNIT http_server_request_duration_seconds seconds\n\
         # HELP http_server_request_duration_seconds Duration of HTTP server requests.\n",
        &series(r#"http_response_status_code="200","#, 1),
        &series(r#"http_response_status_code="404","#, 1),
        &series(r#"http_response_status_code="503",error_type="503","#, 1),
        &series(r#"error_type="service","#, 1),
        &series(r#"error_type="cancelled","#, 1),
        &series(
            r#"http_response_status_code="200",error_type="cancelled","#,
            1,
        ),
        "# TYPE rpc_server_call_duration_seconds histogram\n\
         # UNIT rpc_server_call_duration_seconds seconds\n\
         # HELP rpc_server_call_duration_seconds Duration of inbound remote procedure calls.\n\
         # TYPE http_server_active_requests gauge\n\
         # HELP http_server_active_requests Number of active HTTP server requests.\n\
         http_server_active_requests{http_request_method=\"GET\",url_scheme=\"http\"} 0\n\
         # TYPE http_server_overflowed_requests counter\n\
         # HELP http_server_overflowed_requests Requests whose labels were past the layer's budget of label sets.\n\
         http_server_overflowed_requests_total 0\n\
         # TYPE http_server_label_sets gauge\n\
         # HELP http_server_label_sets Label sets that the layer holds.\n\
         http_server_label_sets 6\n\
         # EOF\n",
    ];
    assert_eq!(text, expected.concat());
}

#[tokio::test]
async fn open_telemetry_has_no_status_that_is_no_number_and_no_error_that_is_the_clients() {
    let builder = || MetricsLayer::builder().naming(Naming::OpenTelemetry);
    let text = shown(builder(), &[Case::Status(999), Case::Status(600)], CLASSIC).await;
    let name = "http_server_request_duration_seconds_count";
    let labels = r#"http_request_method="GET",http_route="/users/{id}",url_scheme="http",network_protocol_version="1.1""#;
    assert!(text.contains(&format!("{name}{{{labels}}} 2\n")), "{text}");

    // By the conventions for servers: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
    let errors = ["2", "4", "12", "13", "14", "15"];
    for code in (0..=16).map(|code: u32| code.to_string()) {
        let code: &'static str = Box::leak(code.into_boxed_str());
        // Proven, so that it is the server that does not implement it.
        let cases = [Case::Grpc("0"), Case::Grpc(code)];
        let text = shown(builder(), &cases, CLASSIC).await;
        assert_eq!(
            text.contains("error_type="),
            errors.contains(&code),
            "{code}: {text}"
        );
    }
}

#[tokio::test]
async fn open_telemetry_has_grpc_calls_under_the_rpc_conventions_only() {
    let cases = [
        Case::Grpc("5"),
        Case::GrpcDropped,
        Case::Grpc("0"),
        Case::Grpc("13"),
    ];
    let builder = MetricsLayer::builder()
        .naming(Naming::OpenTelemetry)
        .grpc_service("shop.Orders");
    let text = shown(builder, &cases, CLASSIC).await;
    let counts: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("_count{"))
        .collect();
    let name = "rpc_server_call_duration_seconds_count";
    let system = r#"rpc_system_name="grpc""#;
    assert_eq!(
        counts,
        [
            format!(r#"{name}{{{system},rpc_method="shop.Orders/Place",rpc_response_status_code="OK"}} 1"#),
            format!(r#"{name}{{{system},rpc_method="shop.Orders/Place",rpc_response_status_code="INTERNAL",error_type="INTERNAL"}} 1"#),
            // Not proven yet, and in the conventions one name for all of them.
            // That a client asked for what is not there is no error of the server's.
            format!(r#"{name}{{{system},rpc_method="_OTHER",rpc_response_status_code="NOT_FOUND"}} 1"#),
            format!(r#"{name}{{{system},rpc_method="_OTHER",rpc_response_status_code="CANCELLED",error_type="CANCELLED"}} 1"#),
        ]
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
    );
    let active = r#"http_server_active_requests{http_request_method="POST",url_scheme="http"} 0"#;
    assert!(text.contains(active), "{text}");
}

#[tokio::test]
async fn open_telemetry_tells_the_version_of_http_and_the_configured_scheme() {
    let (metrics, exposition) = MetricsLayer::builder()
        .naming(Naming::OpenTelemetry)
        .url_scheme("https")
        .pair()
        .unwrap();
    let app = Router::new()
        .route("/", get(|| async { "home" }))
        .layer(metrics);
    let address = serve(app).await;
    http1(address)
        .await
        .send_request(request("GET", "/"))
        .await
        .unwrap();
    http1(address)
        .await
        .send_request(request("GET", "/none"))
        .await
        .unwrap();
    let target = format!("http://{address}/");
    let mut sender = http2(address).await;
    // What a client says of the scheme is not believed.
    let mut asked = request("GET", &target);
    asked
        .headers_mut()
        .insert("x-forwarded-proto", "gopher".parse().unwrap());
    sender.send_request(asked).await.unwrap();
    settled(&exposition).await;
    let idle = async || {
        text(&exposition, CLASSIC)
            .await
            .contains("url_scheme=\"https\"} 0\n")
    };
    support::until("no active request", idle).await;
    let text = text(&exposition, CLASSIC).await;
    let counts: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("_count{"))
        .collect();
    let route = if cfg!(feature = "axum") {
        r#"http_route="/","#
    } else {
        ""
    };
    let name = "http_server_request_duration_seconds_count";
    let head = r#"{http_request_method="GET","#;
    let mut expected = vec![
        format!(
            r#"{name}{head}{route}http_response_status_code="200",url_scheme="https",network_protocol_version="1.1"}} 1"#
        ),
        format!(
            r#"{name}{head}{route}http_response_status_code="200",url_scheme="https",network_protocol_version="2"}} 1"#
        ),
        format!(
            r#"{name}{head}http_response_status_code="404",url_scheme="https",network_protocol_version="1.1"}} 1"#
        ),
    ];
    let mut counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    expected.sort_unstable();
    counts.sort_unstable();
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn by_default_the_bounds_are_those_of_open_telemetry() {
    let builder = MetricsLayer::builder().naming(Naming::OpenTelemetry);
    let (layer, exposition) = builder.pair().unwrap();
    let mut service = layer.layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Body::default())))
    }));
    service.call(Request::new(())).await.unwrap();
    let text = text(&exposition, CLASSIC).await;
    let bounds: Vec<f64> = text
        .lines()
        .filter_map(|line| line.split("le=\"").nth(1)?.split('"').next()?.parse().ok())
        .filter(|bound: &f64| bound.is_finite())
        .collect();
    let advised = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ];
    assert_eq!(bounds, advised);
}

#[tokio::test]
async fn axum_prometheus_has_its_names_and_labels() {
    let cases = [Case::Status(200), Case::Fails, Case::DroppedInHead];
    let builder = MetricsLayer::builder().naming(Naming::AxumPrometheus);
    let text = shown(builder, &cases, CLASSIC).await;
    let head = r#"{method="GET","#;
    for line in [
        format!(r#"axum_http_requests_total{head}status="200",endpoint="/users/{{id}}"}} 1"#),
        format!(r#"axum_http_requests_total{head}status="499",endpoint="/users/{{id}}"}} 1"#),
        format!(r#"axum_http_requests_total{head}status="500",endpoint="/users/{{id}}"}} 1"#),
        format!(
            r#"axum_http_requests_duration_seconds_sum{head}status="200",endpoint="/users/{{id}}"}} 0.25"#
        ),
        r#"axum_http_requests_duration_seconds_bucket{le="1.0",method="GET",status="200",endpoint="/users/{id}"} 1"#.into(),
        format!(r#"axum_http_requests_pending{head}endpoint="/users/{{id}}"}} 0"#),
        format!(r#"axum_http_errors_total{head}error="service",endpoint="/users/{{id}}"}} 1"#),
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line} in {text}");
    }
    let families: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    assert_eq!(
        families,
        [
            "axum_http_requests_total counter",
            "axum_http_errors_total counter",
            "axum_http_requests_cancelled_total counter",
            "axum_http_requests_duration_seconds histogram",
            "axum_http_requests_pending gauge",
            "axum_http_overflowed_requests_total counter",
            "axum_http_label_sets gauge",
        ]
    );
}

#[tokio::test]
async fn a_namespace_goes_before_the_names_of_every_convention() {
    for naming in [
        Naming::Prometheus,
        Naming::OpenTelemetry,
        Naming::AxumPrometheus,
    ] {
        let builder = MetricsLayer::builder().naming(naming).namespace("shop");
        let text = shown(builder, &[Case::Status(200)], CLASSIC).await;
        for line in text.lines() {
            let name = line
                .trim_start_matches("# HELP ")
                .trim_start_matches("# TYPE ");
            assert!(name.starts_with("shop_"), "{naming:?}: {line}");
        }
    }
}

#[tokio::test]
async fn labels_can_have_other_names_and_constant_ones_go_first() {
    let configured = || {
        MetricsLayer::builder()
            .label_names(
                LabelNames::default()
                    .method("verb")
                    .route("path")
                    .status("code")
                    .grpc_status("rpc"),
            )
            .constant_label("service", "a \"quoted\\ one\"")
            .constant_label("zone", "b")
    };
    let cases = [Case::Status(503), Case::Grpc("0")];
    let shown = shown(configured(), &cases, CLASSIC).await;
    let constant = r#"service="a \"quoted\\ one\"",zone="b""#;
    for line in [
        format!(
            r#"http_requests_total{{{constant},verb="GET",path="/users/{{id}}",code="503"}} 1"#
        ),
        format!(
            r#"http_requests_total{{{constant},verb="POST",path="/shop.Orders/Place",code="200",rpc="OK"}} 1"#
        ),
        format!(r#"http_errors_total{{{constant},verb="GET",path="/users/{{id}}",error="503"}} 1"#),
        format!(
            r#"http_request_duration_seconds_bucket{{le="1.0",{constant},verb="GET",path="/users/{{id}}",code="503"}} 1"#
        ),
        format!(r#"http_requests_in_flight{{{constant},verb="GET",path="/users/{{id}}"}} 0"#),
        format!("http_overflowed_requests_total{{{constant}}} 0"),
        format!("http_label_sets{{{constant}}} 2"),
    ] {
        assert!(shown.contains(&format!("\n{line}\n")), "{line} in {shown}");
    }

    // By way of another registry it is the same text.
    let mut registry = Registry::default();
    let driven = TestLayer::register(configured().buckets(two_buckets()), &mut registry)
        .read_by(Exposition::new(registry));
    for case in cases {
        drive(&driven, case).await;
    }
    assert_eq!(text(&driven.exposition, CLASSIC).await, shown);
}

#[tokio::test]
async fn every_convention_is_the_same_text_by_way_of_another_registry() {
    let cases = [
        Case::Status(200),
        Case::Status(503),
        Case::Fails,
        Case::Grpc("0"),
    ];
    for naming in [
        Naming::Prometheus,
        Naming::OpenTelemetry,
        Naming::AxumPrometheus,
    ] {
        for accept in [CLASSIC, OPEN_METRICS] {
            let builder = || MetricsLayer::builder().naming(naming);
            let direct = shown(builder(), &cases, accept).await;
            let mut registry = Registry::default();
            let driven = TestLayer::register(builder().buckets(two_buckets()), &mut registry)
                .read_by(Exposition::new(registry));
            for case in cases {
                drive(&driven, case).await;
            }
            assert_eq!(text(&driven.exposition, accept).await, direct, "{naming:?}");
        }
    }
}
