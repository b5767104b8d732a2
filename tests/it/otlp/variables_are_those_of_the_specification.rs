//! What the variables of OpenTelemetry's specification say is done, and what is wrong with them is said.

use super::{Received, Receiver, push};
use prometheus_client::registry::Registry;
use std::time::Duration;
use tokio::time::Instant;
use tower_red::{Exposition, OtlpBuilder, OtlpError};

fn builder(vars: &[(&str, &str)]) -> Result<OtlpBuilder, OtlpError> {
    OtlpBuilder::from_vars(|name| {
        let (_, value) = vars.iter().find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    })
}

fn empty() -> Exposition {
    Exposition::new(Registry::default())
}

/// The one request of an export with these variables.
async fn request(vars: &[(&str, &str)]) -> Received {
    let builder = builder(vars).unwrap();
    assert_eq!(builder.warnings(), [] as [String; 0]);
    let received = push(&empty(), builder).await;
    let [request] = &*received else {
        panic!("{} requests", received.len());
    };
    request.clone()
}

/// What is wrong with these variables, wherever it is found.
fn error(vars: &[(&str, &str)]) -> String {
    let built = builder(vars).and_then(|builder| builder.build(&empty()));
    built.unwrap_err().to_string()
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const METRICS_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const COMPRESSION: &str = "OTEL_EXPORTER_OTLP_COMPRESSION";
const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

const GRPC: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

#[tokio::test]
async fn the_endpoint_of_all_signals_is_a_base_and_that_of_metrics_is_used_as_it_is() {
    let grpc = |host| format!("{host}{GRPC}");
    for (vars, uri) in [
        (&[][..], "http://localhost:4318/v1/metrics"),
        (&[(ENDPOINT, "")], "http://localhost:4318/v1/metrics"),
        (&[(ENDPOINT, "http://a:1")], "http://a:1/v1/metrics"),
        (&[(ENDPOINT, "http://a:1/b/")], "http://a:1/b/v1/metrics"),
        (&[(METRICS_ENDPOINT, "http://a:1/b")], "http://a:1/b"),
        (&[(METRICS_ENDPOINT, "http://a:1")], "http://a:1/"),
        (
            &[(ENDPOINT, "http://a"), (METRICS_ENDPOINT, "http://b/c")],
            "http://b/c",
        ),
        (
            &[(ENDPOINT, "http://a"), (METRICS_ENDPOINT, "")],
            "http://a/v1/metrics",
        ),
        (&[(PROTOCOL, "grpc")], &grpc("http://localhost:4317")),
        (&[(PROTOCOL, "GRPC")], &grpc("http://localhost:4317")),
        (
            &[(PROTOCOL, "grpc"), (ENDPOINT, "http://a:1")],
            &grpc("http://a:1"),
        ),
        (
            &[(PROTOCOL, "grpc"), (METRICS_PROTOCOL, "http/protobuf")],
            "http://localhost:4318/v1/metrics",
        ),
    ] {
        assert_eq!(request(vars).await.uri, uri, "{vars:?}");
    }
}

#[tokio::test]
async fn headers_are_percent_decoded_and_those_of_metrics_are_in_place_of_all_others() {
    let sent = request(&[(HEADERS, "Authorization=Basic%20YTpi, x-tenant = a=b")]).await;
    assert_eq!(sent.header("authorization"), Some("Basic YTpi"));
    assert_eq!(sent.header("x-tenant"), Some("a=b"));
    let metrics = ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-other=c");
    let sent = request(&[(HEADERS, "x-tenant=a"), metrics]).await;
    assert_eq!(
        (sent.header("x-tenant"), sent.header("x-other")),
        (None, Some("c"))
    );

    let sent = request(&[]).await;
    let agent = sent.header("user-agent").unwrap();
    assert_eq!(
        agent,
        concat!("tower-red-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"))
    );
    let sent = request(&[(HEADERS, "user-agent=mine")]).await;
    assert_eq!(sent.header("user-agent"), Some("mine"));
}

#[tokio::test]
async fn attributes_are_those_of_the_resource() {
    let service = |sent: &Received| {
        let message = sent.message();
        let resource = message.resource_metrics[0].resource.clone().unwrap();
        super::said::labels(&resource.attributes)
    };
    let attributes = "service.name=first,deployment.environment.name=a%2Cb";
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", attributes);
    let found = service(&request(&[attributes]).await);
    assert_eq!(found["service.name"], "first");
    assert_eq!(found["deployment.environment.name"], "a,b");
    let found = service(&request(&[("OTEL_SERVICE_NAME", "shop"), attributes]).await);
    assert_eq!(found["service.name"], "shop");
}

#[tokio::test]
async fn compression_is_gzip_or_none() {
    assert_eq!(request(&[]).await.header("content-encoding"), None);
    let none = request(&[(COMPRESSION, "none")]).await;
    assert_eq!(none.header("content-encoding"), None);
    let gzip = request(&[(COMPRESSION, "gzip")]).await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert_eq!(gzip.body[..2], [0x1f, 0x8b]);
}

#[tokio::test(start_paused = true)]
async fn times_are_in_milliseconds() {
    let receiver = Receiver::default();
    let vars = [
        (INTERVAL, "1500"),
        (TIMEOUT, "20"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "500"),
    ];
    let builder = builder(&vars).unwrap().client(receiver.client());
    let start = Instant::now();
    let shutdown = tokio::time::sleep(Duration::from_millis(3_500));
    builder.build(&empty()).unwrap().run(shutdown).await;
    let times = receiver.take().into_iter().map(|it| it.time - start);
    let millis: Vec<u128> = times.map(|time| time.as_millis()).collect();
    assert_eq!(millis, [1_500, 3_000, 3_500]);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_sdk_sends_nothing_and_still_ends_when_it_is_told_to() {
    let receiver = Receiver::default();
    let builder = builder(&[("OTEL_SDK_DISABLED", "True")]).unwrap();
    let otlp = builder.client(receiver.client()).build(&empty()).unwrap();
    let start = Instant::now();
    otlp.run(tokio::time::sleep(Duration::from_secs(600))).await;
    assert_eq!(start.elapsed(), Duration::from_secs(600));
    assert!(receiver.take().is_empty());
}

#[test]
fn values_that_nobody_knows_are_ignored_with_a_warning() {
    for (name, value) in [
        (PROTOCOL, "carrier-pigeon"),
        (COMPRESSION, "brotli"),
        (TEMPORALITY, "sometimes"),
        ("OTEL_SDK_DISABLED", "yes"),
    ] {
        let builder = builder(&[(name, value)]).unwrap();
        let expected = format!("{name}: {value:?} is unknown, and ignored");
        assert_eq!(builder.warnings(), [expected]);
    }
}

#[test]
fn what_is_known_and_not_there_is_an_error_that_says_what_there_is() {
    assert_eq!(
        error(&[(PROTOCOL, "http/json")]),
        "OTEL_EXPORTER_OTLP_PROTOCOL: \"http/json\" is not supported, write \"http/protobuf\" or \"grpc\""
    );
    for value in ["delta", "LowMemory"] {
        assert_eq!(
            error(&[(TEMPORALITY, value)]),
            format!("{TEMPORALITY}: {value:?} is not supported, write \"cumulative\"")
        );
    }
    assert!(builder(&[(TEMPORALITY, "Cumulative")]).is_ok());
}

#[test]
fn what_is_malformed_is_an_error_that_names_the_variable_and_the_value() {
    for (vars, parts) in [
        (
            &[(ENDPOINT, "collector:4318")][..],
            &[ENDPOINT, "\"collector:4318\"", "http://"][..],
        ),
        (&[(METRICS_ENDPOINT, "a b")], &[METRICS_ENDPOINT, "\"a b\""]),
        (
            &[(PROTOCOL, "grpc"), (ENDPOINT, "http://a/otlp")],
            &[ENDPOINT, "\"http://a/otlp\"", "path"],
        ),
        (&[(TIMEOUT, "10s")], &[TIMEOUT, "\"10s\"", "milliseconds"]),
        (&[(TIMEOUT, "0")], &[TIMEOUT, "\"0\""]),
        (&[(INTERVAL, "-1")], &[INTERVAL, "\"-1\""]),
        (
            &[("OTEL_RESOURCE_ATTRIBUTES", "a=b,c")],
            &["OTEL_RESOURCE_ATTRIBUTES", "\"c\""],
        ),
        (
            &[("OTEL_EXPORTER_OTLP_CERTIFICATE", "/not/there.pem")],
            &["OTEL_EXPORTER_OTLP_CERTIFICATE", "\"/not/there.pem\""],
        ),
        (&[(HEADERS, "a b=c")], &[HEADERS, "\"a b\""]),
        (&[(HEADERS, "a=%0a")], &[HEADERS, "\"a\""]),
    ] {
        let message = error(vars);
        for part in parts {
            assert!(message.contains(part), "{message}: {part}");
        }
    }
}

#[test]
fn an_error_shows_no_secret() {
    for header in [
        "authorization: Basic c2VjcmV0",
        "authorization=%Basic c2VjcmV0",
        "authorization=Basic c2VjcmV0%0a",
    ] {
        let message = error(&[(HEADERS, header)]);
        assert!(message.contains("\"authorization\""), "{message}");
        assert!(!message.contains("c2VjcmV0"), "{message}");
    }
    let endpoint = "http://me:c2VjcmV0@a";
    assert!(!error(&[(ENDPOINT, endpoint)]).contains("c2VjcmV0"));
    let builder = builder(&[(HEADERS, "authorization=c2VjcmV0")]).unwrap();
    assert!(!format!("{builder:?}").contains("c2VjcmV0"));
}
