//! Every sample is that of a scrape at the same moment, of layers and of registries.

use super::{Data, Received, compare, metric, metrics, push, pushed, said::labels};
use crate::support::{
    TestLayer,
    registry::{full_registry, hostile, layers_under, owned},
};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    metrics::v1::{ExponentialHistogramDataPoint, NumberDataPoint, number_data_point},
};
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};
use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime},
};
use tower_red::{
    Exposition, MetricsLayer, Naming, NativeHistogram, Operation, OtlpBuilder, TraceId,
};

#[tokio::test(start_paused = true)]
async fn every_sample_is_that_of_the_text() {
    for naming in [Naming::Prometheus, Naming::AxumPrometheus] {
        for driven in layers_under(naming) {
            let _in_flight = driven.take_some();
            let (said, metrics) = compare(&driven.exposition).await;
            assert!(said.samples.len() > 50, "{said:?}");
            assert!(said.exemplars.len() > 5, "{said:?}");
            for metric in &metrics {
                let is_time = metric.name.ends_with("_seconds");
                assert_eq!(metric.unit, if is_time { "s" } else { "" });
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_is_pushed_as_its_text_shows_it() {
    let (said, metrics) = compare(&Exposition::new(full_registry())).await;
    assert_eq!(said.exemplars.len(), 3);
    assert_eq!(said.families["sub_mystery"].0, "untyped");
    assert_eq!(metric(&metrics, "build_ratios_info").unit, "1");
    // A whole number stays one, up to where there is no type for it.
    let Some(Data::Sum(jobs)) = &metric(&metrics, "jobs_total").data else {
        panic!("{metrics:?}");
    };
    let values = jobs.data_points.iter().map(|point| point.value.unwrap());
    let values: Vec<_> = values.collect();
    assert!(values.contains(&number_data_point::Value::AsInt(1)));
    assert!(values.contains(&number_data_point::Value::AsDouble(u64::MAX as f64)));

    let driven = TestLayer::new(hostile(MetricsLayer::builder()).registry(full_registry()));
    let _in_flight = driven.take_some();
    compare(&driven.exposition).await;
}

#[tokio::test(start_paused = true)]
async fn operations_and_several_layers_are_pushed_too() {
    let driven = TestLayer::default();
    let client = MetricsLayer::builder().client();
    let _client = client.expose_on(&driven.exposition).unwrap();
    let queries = Operation::builder("db_query").labels(["table"]);
    let queries = queries.expose_on(&driven.exposition).unwrap();
    let select = queries.with(["users"]);
    select.run(async { Ok::<_, fmt::Error>(()) }).await.unwrap();
    select
        .run(async { Err::<(), _>(fmt::Error) })
        .await
        .unwrap_err();
    let _in_flight = driven.take_some();
    let (said, metrics) = compare(&driven.exposition).await;
    assert!(said.samples.len() > 50, "{said:?}");
    for name in ["db_query_total", "db_query_duration_seconds"] {
        metric(&metrics, name);
    }
}

#[tokio::test(start_paused = true)]
async fn other_libraries_texts_are_pushed_with_their_summaries_and_times() {
    for text in [
        include_str!("../beside/samples/client_golang.txt"),
        include_str!("../beside/samples/python.txt"),
        include_str!("../beside/samples/metrics.txt"),
        include_str!("../beside/samples/prometheus.txt"),
        "# TYPE a summary\na{quantile=\"0.5\"} 2 1500\na_sum 3 1500\na_count 4 1500\n",
        "# TYPE b counter\nb{c=\"d\"} 5 1500\n# TYPE e gauge\ne 6\n",
    ] {
        // OTLP has no times before 1970.
        let lines = text.lines().filter(|line| !line.contains("before 1970"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let exposition = Exposition::new(Registry::default());
        compare(&exposition.beside(move || text.clone())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_metrics_of_the_endpoint_are_pushed_too() {
    let exposition = Exposition::new(Registry::default()).instrumented();
    let metrics = pushed(&exposition).await;
    metric(&metrics, "exposition_scrapes_total");
    metric(&metrics, "otlp_exports_total");
}

/// The first point of a family, and when its counting began.
fn number(metrics: &[super::Metric], name: &str) -> NumberDataPoint {
    let points = match metric(metrics, name).data.as_ref().unwrap() {
        Data::Sum(sum) => &sum.data_points,
        Data::Gauge(gauge) => &gauge.data_points,
        other => panic!("{name}: {other:?}"),
    };
    points[0].clone()
}

#[tokio::test]
async fn counts_say_when_they_began_as_far_as_that_is_known() {
    let nanos = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap().as_nanos() as u64
    };
    // To the second.
    let before = nanos() / 1_000_000_000 * 1_000_000_000;
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let driven = TestLayer::new(MetricsLayer::builder().registry(registry));
    let _in_flight = driven.take_some();
    let first = nanos();
    let metrics = pushed(&driven.exposition).await;
    let after = nanos();

    let requests = number(&metrics, "http_requests_total");
    assert!((before..=first).contains(&requests.start_time_unix_nano));
    assert!((first..=after).contains(&requests.time_unix_nano));
    let Some(Data::Histogram(durations)) = &metric(&metrics, "http_request_duration_seconds").data
    else {
        panic!("{metrics:?}");
    };
    for point in &durations.data_points {
        assert!((before..=first).contains(&point.start_time_unix_nano));
        assert_eq!(point.time_unix_nano, requests.time_unix_nano);
    }
    assert_eq!(number(&metrics, "jobs_total").start_time_unix_nano, 0);
    let in_flight = number(&metrics, "http_requests_in_flight");
    assert_eq!(in_flight.start_time_unix_nano, 0);
}

/// The counts of an exponential histogram, by Prometheus' index of the bucket.
fn counts(point: &ExponentialHistogramDataPoint) -> BTreeMap<i32, u64> {
    let positive = point.positive.as_ref().unwrap();
    let indices = positive.offset + 1..;
    let counts = indices.zip(positive.bucket_counts.iter().copied());
    counts.filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn a_native_histogram_is_an_exponential_one() {
    for schema in [0, 3, 8] {
        let native = NativeHistogram::default()
            .schema(schema)
            .window(Duration::from_micros(100), Duration::from_secs(60));
        let trace = |_: tower_red::RequestHead<'_>| TraceId::from_bytes([7; 16]);
        let builder = MetricsLayer::builder().exemplar(trace);
        let driven = TestLayer::new(builder.native_histogram(native));
        // None of them at a bound, where floating point could go either way.
        let millis = [1, 3, 3, 3, 4, 70, 71, 72, 700, 1_500, 1_501, 30_001];
        let mut expected = BTreeMap::new();
        for millis in millis {
            driven.take(Duration::from_millis(millis), "/", 200);
            // Bucket `i` is above `2^((i - 1) * 2^-schema)` and up to `2^(i * 2^-schema)`.
            let index = (millis as f64 / 1e3).log2() * f64::from(1 << schema);
            *expected.entry(index.ceil() as i32).or_insert(0) += 1;
        }
        driven.take(Duration::from_nanos(900), "/", 200);
        driven.take(Duration::ZERO, "/", 200);
        let metrics = pushed(&driven.exposition).await;
        let metric = metric(&metrics, "http_request_duration_seconds");
        let Some(Data::ExponentialHistogram(histogram)) = &metric.data else {
            panic!("{metric:?}");
        };
        assert_eq!(histogram.aggregation_temporality, 2);
        let [point] = &*histogram.data_points else {
            panic!("{histogram:?}");
        };
        assert_eq!(point.scale, i32::from(schema));
        assert_eq!((point.count, point.zero_count), (14, 2));
        assert!((0.000_01..=0.000_1).contains(&point.zero_threshold));
        assert_eq!(counts(point), expected, "{schema}");
        let all: u64 = point.positive.iter().flat_map(|it| &it.bucket_counts).sum();
        assert_eq!(all + point.zero_count, point.count);
        let sum = millis.iter().sum::<u64>() as f64 / 1e3;
        assert!((point.sum.unwrap() - sum).abs() < 1e-5, "{point:?}");
        assert!(point.start_time_unix_nano > 0);
        assert!(point.exemplars.iter().all(|it| it.trace_id == [7; 16]));
        assert!(!point.exemplars.is_empty());
        assert_eq!(labels(&point.attributes)["route"], "/");
    }
}

#[tokio::test]
async fn a_native_histogram_of_nothing_but_zeros_has_no_buckets() {
    let builder = MetricsLayer::builder().native_histogram(NativeHistogram::default());
    let driven = TestLayer::new(builder);
    driven.take(Duration::ZERO, "/", 200);
    let metrics = pushed(&driven.exposition).await;
    let metric = metric(&metrics, "http_request_duration_seconds");
    let Some(Data::ExponentialHistogram(histogram)) = &metric.data else {
        panic!("{metric:?}");
    };
    assert_eq!(histogram.data_points[0].zero_count, 1);
    assert_eq!(counts(&histogram.data_points[0]), BTreeMap::new());
}

#[tokio::test]
async fn a_span_is_where_spans_belong_and_what_is_no_id_stays_a_label() {
    use prometheus_client::metrics::exemplar::CounterWithExemplar;
    let mut registry = Registry::default();
    let span = ("span_id", "00f067aa0ba902b7");
    let trace = ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736");
    for (name, labels) in [
        ("whole", vec![trace, span, ("user", "7")]),
        (
            "short",
            vec![("trace_id", "4bf9"), ("span_id", "zzf067aa0ba902b7")],
        ),
    ] {
        let counter = CounterWithExemplar::<Vec<(String, String)>>::default();
        counter.inc_by(1, Some(owned(&labels)), None);
        registry.register(name, "A counter", counter);
    }
    let metrics = pushed(&Exposition::new(registry)).await;
    let whole = number(&metrics, "whole_total").exemplars[0].clone();
    assert_eq!(whole.span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!(
        whole.trace_id,
        0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes()
    );
    let user = [("user".to_owned(), "7".to_owned())];
    assert_eq!(labels(&whole.filtered_attributes), user.into());
    let short = number(&metrics, "short_total").exemplars[0].clone();
    assert!(short.span_id.is_empty() && short.trace_id.is_empty());
    assert_eq!(labels(&short.filtered_attributes).len(), 2);
}

#[tokio::test]
async fn opentelemetrys_names_have_their_dots_and_numbers_are_numbers() {
    let builder = MetricsLayer::builder()
        .naming(Naming::OpenTelemetry)
        .constant_label("shop_name", "x");
    let driven = TestLayer::new(builder);
    let _in_flight = driven.take_some();
    let metrics = pushed(&driven.exposition).await;
    let names: Vec<&str> = metrics.iter().map(|metric| &*metric.name).collect();
    assert_eq!(
        names[..4],
        [
            "http.server.request.duration",
            "http.server.active_requests",
            "http_server_overflowed_requests_total",
            "http_server_label_sets"
        ]
    );
    let durations = metric(&metrics, "http.server.request.duration");
    assert_eq!(durations.unit, "s");
    let Some(Data::Histogram(histogram)) = &durations.data else {
        panic!("{durations:?}");
    };
    let attributes = &histogram.data_points[0].attributes;
    let keys: Vec<&str> = attributes.iter().map(|it| &*it.key).collect();
    assert_eq!(
        keys,
        [
            "shop_name",
            "http.request.method",
            "http.route",
            "http.response.status_code",
            "url.scheme",
            "network.protocol.version"
        ]
    );
    let status = attributes[3].value.clone().unwrap().value.unwrap();
    assert_eq!(status, Value::IntValue(200));

    let active = metric(&metrics, "http.server.active_requests");
    assert_eq!(active.unit, "{request}");
    assert!(matches!(&active.data, Some(Data::Sum(sum)) if !sum.is_monotonic));
}

#[tokio::test]
async fn a_renamed_label_keeps_its_name_and_a_namespace_has_a_dot() {
    let names = tower_red::LabelNames::default().route("handler");
    let builder = MetricsLayer::builder()
        .naming(Naming::OpenTelemetry)
        .namespace("shop")
        .label_names(names);
    let driven = TestLayer::new(builder);
    let _in_flight = driven.take_some();
    let metrics = pushed(&driven.exposition).await;
    let durations = metric(&metrics, "shop.http.server.request.duration");
    let Some(Data::Histogram(histogram)) = &durations.data else {
        panic!("{durations:?}");
    };
    let labels = labels(&histogram.data_points[0].attributes);
    assert!(labels.contains_key("handler"), "{labels:?}");
    assert!(labels.contains_key("http.request.method"), "{labels:?}");
    assert!(!labels.contains_key("http.route"), "{labels:?}");
}

#[tokio::test]
async fn units_are_codes() {
    let mut registry = Registry::default();
    let gauge = Gauge::<i64>::default;
    registry.register_with_unit("memory", "Used", Unit::Bytes, gauge());
    registry.register_with_unit("heat", "Outside", Unit::Celsius, gauge());
    registry.register_with_unit("size", "A size", Unit::Other("sheep".into()), gauge());
    let metrics = pushed(&Exposition::new(registry)).await;
    for (name, unit) in [
        ("memory_bytes", "By"),
        ("heat_celsius", "Cel"),
        ("size_sheep", "sheep"),
    ] {
        assert_eq!(metric(&metrics, name).unit, unit);
    }
}

async fn resource(exposition: &Exposition, builder: OtlpBuilder) -> BTreeMap<String, String> {
    let received = push(exposition, builder).await;
    let [received] = &*received else {
        panic!("{} requests", received.len());
    };
    let message = received.message();
    let [resource] = &*message.resource_metrics else {
        panic!("{message:?}");
    };
    let [scope] = &*resource.scope_metrics else {
        panic!("{message:?}");
    };
    let scope = scope.scope.as_ref().unwrap();
    assert_eq!(scope.name, "tower-red");
    assert_eq!(scope.version, env!("CARGO_PKG_VERSION"));
    labels(&resource.resource.as_ref().unwrap().attributes)
}

#[tokio::test]
async fn the_resource_is_this_process_unless_something_else_is_said() {
    let empty = Exposition::new(Registry::default());
    let found = resource(&empty, OtlpBuilder::default()).await;
    let path = std::env::current_exe().unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert_eq!(found["service.name"], format!("unknown_service:{name}"));
    assert_eq!(found["process.executable.name"], name);
    assert_eq!(found["process.executable.path"], path.to_str().unwrap());
    assert_eq!(found["process.pid"], std::process::id().to_string());
    assert_eq!(found["telemetry.sdk.language"], "rust");
    assert_eq!(found["service.instance.id"].len(), 36);
    #[cfg(target_os = "linux")]
    assert!(!found["host.name"].is_empty());
    let other = resource(&empty, OtlpBuilder::default()).await;
    assert_ne!(found["service.instance.id"], other["service.instance.id"]);

    let builder = OtlpBuilder::default()
        .attribute("host.name", "somewhere")
        .attribute("service.name", "first")
        .service_name("shop");
    let configured = resource(&empty, builder).await;
    assert_eq!(configured["service.name"], "shop");
    assert_eq!(configured["host.name"], "somewhere");
}

#[tokio::test]
async fn target_info_is_the_resource_and_no_metric() {
    let mut registry = Registry::default();
    let target = owned(&[
        ("service.name", "target"),
        ("region", "north"),
        ("zone", "a"),
    ]);
    let target: Vec<_> = target.into_iter().skip(1).collect();
    registry.register("target", "Target", Info::new(target));
    let exposition = Exposition::new(registry);
    let found = resource(&exposition, OtlpBuilder::default().attribute("zone", "b")).await;
    assert_eq!((&*found["region"], &*found["zone"]), ("north", "b"));
    let names = pushed(&exposition).await.into_iter().map(|it| it.name);
    assert!(names.into_iter().all(|name| name.starts_with("otlp_")));
}

#[tokio::test]
async fn what_is_large_is_sent_in_several_requests_and_nothing_is_missing() {
    let builder = MetricsLayer::builder().max_label_sets(20_000);
    let driven = TestLayer::new(builder);
    for n in 0..12_000 {
        let route = Box::leak(format!("/route/{n:05}/{{id}}").into_boxed_str());
        driven.take(Duration::from_millis(n % 7), route, 200);
    }
    let received = push(&driven.exposition, OtlpBuilder::default()).await;
    assert!(received.len() > 1);
    assert!(received.iter().all(|it| it.body.len() < 4 << 20));
    let messages: Vec<_> = received.iter().map(Received::message).collect();
    let mut routes = BTreeMap::<String, u64>::new();
    for metric in metrics(&messages) {
        if let Some(Data::Histogram(histogram)) = metric.data {
            for point in histogram.data_points {
                *routes
                    .entry(labels(&point.attributes)["route"].clone())
                    .or_default() += point.count;
            }
        }
    }
    assert_eq!(routes.len(), 12_000);
    assert!(routes.values().all(|count| *count == 1));
}
