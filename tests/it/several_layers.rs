//! Several layers on one endpoint: one family of a name, and no series twice.

use crate::support::{CLASSIC, OPEN_METRICS, TestLayer, text, two_buckets};
use http::{Request, Response};
use prometheus_client::registry::Registry;
use std::{collections::BTreeSet, time::Duration};
use tower_red::{
    Buckets, BuildError, Exposition, MetricsLayer, MetricsLayerBuilder, NativeHistogram,
    RouteTemplate, TestClock, TraceId,
};

const ROUTE: RouteTemplate = RouteTemplate::new("/");

fn server() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

fn client(peer: &str) -> MetricsLayerBuilder {
    server().client().peers([peer])
}

/// A layer on an endpoint that is there already.
fn on(exposition: &Exposition, builder: MetricsLayerBuilder) -> TestLayer<()> {
    let clock = TestClock::new();
    let metrics = builder.clock(&clock).expose_on(exposition).unwrap();
    TestLayer {
        metrics,
        clock,
        exposition: (),
    }
}

/// A request of half a second.
fn send<E>(layer: &TestLayer<E>, uri: &str) {
    let request = Request::get(uri).extension(ROUTE).body(()).unwrap();
    let response = Response::new(String::new());
    layer.respond_after(Duration::from_millis(500), request, response);
}

/// Each series once, and each family in one piece.
fn assert_distinct(text: &str) {
    let lines = || text.lines();
    let series = lines().filter(|line| !line.starts_with('#'));
    let series: Vec<_> = series
        .map(|line| line.rsplit_once(' ').unwrap().0)
        .collect();
    let distinct: BTreeSet<_> = series.iter().collect();
    assert_eq!(distinct.len(), series.len(), "{text}");
    let types: Vec<_> = lines().filter(|line| line.starts_with("# TYPE")).collect();
    let distinct: BTreeSet<_> = types.iter().collect();
    assert_eq!(distinct.len(), types.len(), "{text}");
}

#[tokio::test]
async fn versions_that_a_constant_label_tells_apart_are_one_family() {
    let (first, exposition) = TestLayer::pair(server().constant_label("version", "v1"));
    let second = on(
        &exposition,
        server()
            .constant_label("version", "v2")
            .buckets(Buckets::custom([2.0]).unwrap()),
    );
    send(&first, "/");
    send(&second, "/");
    send(&second, "/");
    let expected = "\
# HELP http_requests_total Requests that ended, in whatever way.
# TYPE http_requests_total counter
http_requests_total{version=\"v1\",method=\"GET\",route=\"/\",status=\"200\"} 1
http_requests_total{version=\"v2\",method=\"GET\",route=\"/\",status=\"200\"} 2
# HELP http_errors_total Requests that failed, by cause.
# TYPE http_errors_total counter
# HELP http_requests_cancelled_total Requests that were dropped before their end.
# TYPE http_requests_cancelled_total counter
# HELP http_request_duration_seconds Time from the call to the end of the response body, or of a stream to its head.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le=\"0.1\",version=\"v1\",method=\"GET\",route=\"/\",status=\"200\"} 0
http_request_duration_seconds_bucket{le=\"1.0\",version=\"v1\",method=\"GET\",route=\"/\",status=\"200\"} 1
http_request_duration_seconds_bucket{le=\"+Inf\",version=\"v1\",method=\"GET\",route=\"/\",status=\"200\"} 1
http_request_duration_seconds_sum{version=\"v1\",method=\"GET\",route=\"/\",status=\"200\"} 0.5
http_request_duration_seconds_count{version=\"v1\",method=\"GET\",route=\"/\",status=\"200\"} 1
http_request_duration_seconds_bucket{le=\"2.0\",version=\"v2\",method=\"GET\",route=\"/\",status=\"200\"} 2
http_request_duration_seconds_bucket{le=\"+Inf\",version=\"v2\",method=\"GET\",route=\"/\",status=\"200\"} 2
http_request_duration_seconds_sum{version=\"v2\",method=\"GET\",route=\"/\",status=\"200\"} 1.0
http_request_duration_seconds_count{version=\"v2\",method=\"GET\",route=\"/\",status=\"200\"} 2
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_requests_in_flight gauge
http_requests_in_flight{version=\"v1\",method=\"GET\",route=\"/\"} 0
http_requests_in_flight{version=\"v2\",method=\"GET\",route=\"/\"} 0
# HELP http_overflowed_requests_total Requests whose labels were past the layer's budget of label sets.
# TYPE http_overflowed_requests_total counter
http_overflowed_requests_total{version=\"v1\"} 0
http_overflowed_requests_total{version=\"v2\"} 0
# HELP http_label_sets Label sets that the layer holds.
# TYPE http_label_sets gauge
http_label_sets{version=\"v1\"} 1
http_label_sets{version=\"v2\"} 1
";
    assert_eq!(text(&exposition, CLASSIC).await, expected);
}

#[tokio::test]
async fn a_server_and_a_client_have_families_of_their_own() {
    let (incoming, exposition) = TestLayer::pair(server());
    let outgoing = on(&exposition, server().client());
    send(&incoming, "/");
    send(&outgoing, "http://billing/");
    for format in [CLASSIC, OPEN_METRICS] {
        let text = text(&exposition, format).await;
        assert_distinct(&text);
        for line in [
            r#"http_requests_total{method="GET",route="/",status="200"} 1"#,
            r#"http_client_requests_total{method="GET",route="/",status="200"} 1"#,
        ] {
            assert!(text.lines().any(|other| other == line), "{text}");
        }
    }
}

#[tokio::test]
async fn clients_of_different_peers_share_families_and_what_neither_lists_is_added_up() {
    let native = |builder: MetricsLayerBuilder| {
        let native = NativeHistogram::default().schema(0);
        builder.native_histogram(native)
    };
    let (billing, exposition) = TestLayer::pair(native(client("billing")));
    let bank = on(&exposition, native(client("bank")));
    for uri in ["http://billing/", "http://elsewhere/"] {
        send(&billing, uri);
    }
    for uri in ["http://bank/", "http://elsewhere/", "http://elsewhere/"] {
        send(&bank, uri);
    }
    let text = text(&exposition, CLASSIC).await;
    assert_distinct(&text);
    for line in [
        r#"http_client_requests_total{method="GET",route="/",peer="billing",status="200"} 1"#,
        r#"http_client_requests_total{method="GET",route="/",peer="bank",status="200"} 1"#,
        r#"http_client_requests_total{method="GET",route="/",peer="_OTHER",status="200"} 3"#,
        r#"http_client_request_duration_seconds_bucket{le="0.1",method="GET",route="/",peer="_OTHER",status="200"} 0"#,
        r#"http_client_request_duration_seconds_bucket{le="1.0",method="GET",route="/",peer="_OTHER",status="200"} 3"#,
        r#"http_client_request_duration_seconds_sum{method="GET",route="/",peer="_OTHER",status="200"} 1.5"#,
        r#"http_client_requests_in_flight{method="GET",route="/",peer="_OTHER"} 0"#,
        "http_client_label_sets 4",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn each_layer_keeps_its_exemplars() {
    let traced = |builder: MetricsLayerBuilder, id: u8| {
        builder.exemplar(move |_| TraceId::from_bytes([id; 16]))
    };
    let v1 = traced(server().constant_label("version", "v1"), 1);
    let v2 = traced(server().constant_label("version", "v2"), 2);
    let (first, exposition) = TestLayer::pair(v1);
    let second = on(&exposition, v2);
    send(&first, "/");
    send(&second, "/");
    let text = text(&exposition, OPEN_METRICS).await;
    for (version, id) in [("v1", "01"), ("v2", "02")] {
        let line = text.lines().find(|line| {
            line.starts_with("http_request_duration_seconds_bucket{le=\"1.0\"")
                && line.contains(version)
        });
        let trace = format!("# {{trace_id=\"{}\"}} 0.5 ", id.repeat(16));
        assert!(line.unwrap().contains(&trace), "{line:?}");
    }
}

#[tokio::test]
async fn series_that_are_added_up_have_the_exemplars_of_either_layer() {
    let traced = |builder: MetricsLayerBuilder| builder.exemplar(|_| TraceId::from_bytes([7; 16]));
    for is_first in [true, false] {
        let (billing, bank) = match is_first {
            true => (traced(client("billing")), client("bank")),
            false => (client("billing"), traced(client("bank"))),
        };
        let (billing, exposition) = TestLayer::pair(billing);
        let bank = on(&exposition, bank);
        send(&billing, "http://elsewhere/");
        send(&bank, "http://elsewhere/");
        let text = text(&exposition, OPEN_METRICS).await;
        let start = "http_client_request_duration_seconds_bucket{le=\"1.0\"";
        let line = text.lines().find(|line| line.starts_with(start));
        let trace = format!("}} 2 # {{trace_id=\"{}\"}} 0.5 ", "07".repeat(16));
        assert!(line.unwrap().contains(&trace), "{line:?}");
    }
}

#[test]
fn layers_whose_series_could_be_the_same_are_refused() {
    let (_, exposition) = MetricsLayer::pair();
    let same = |builder: MetricsLayerBuilder| builder.expose_on(&exposition).unwrap_err();
    let expected = BuildError::SameSeries {
        family: String::from("http_requests"),
    };
    assert_eq!(same(MetricsLayer::builder()), expected);
    assert_eq!(
        same(MetricsLayer::builder().constant_label("a", "")),
        expected
    );
    assert_eq!(
        expected.to_string(),
        "the endpoint has another layer with a family \"http_requests\", whose series could be the same: write a `constant_label` with another value, or another `namespace`"
    );
    let shop = MetricsLayer::builder().namespace("shop");
    let _shop = shop.expose_on(&exposition).unwrap();

    let (_, exposition) = client("billing").pair().unwrap();
    let bucketed =
        |builder: MetricsLayerBuilder, route: &str| builder.buckets_for([route], Buckets::slow());
    for builder in [
        client("billing"),
        server().client(),
        // Histograms with other buckets cannot be added up.
        client("bank").buckets(Buckets::slow()),
        bucketed(client("bank"), "/a"),
    ] {
        let error = builder.expose_on(&exposition).unwrap_err();
        assert!(matches!(error, BuildError::SameSeries { .. }), "{error}");
    }
    let _bank = client("bank").expose_on(&exposition).unwrap();

    // Nor can those whose routes have the same buckets, but not the same routes.
    let (_, exposition) = bucketed(client("billing"), "/a").pair().unwrap();
    let error = bucketed(client("bank"), "/b").expose_on(&exposition);
    assert!(matches!(error, Err(BuildError::SameSeries { .. })));
    let _bank = bucketed(client("bank"), "/a").expose_on(&exposition);
}

#[test]
fn a_registry_that_has_a_family_already_is_found_when_the_layer_is_built() {
    let mut registry = Registry::default();
    let counter = prometheus_client::metrics::counter::Counter::<u64>::default();
    registry.register("http_client_errors", "Mine", counter);
    let exposition = Exposition::new(registry);
    let _server = MetricsLayer::builder().expose_on(&exposition).unwrap();
    let error = server().client().expose_on(&exposition).unwrap_err();
    let family = String::from("http_client_errors");
    assert_eq!(error, BuildError::DuplicateFamily { family });

    let error = server()
        .registry(Registry::default())
        .expose_on(&exposition);
    assert_eq!(error.unwrap_err(), BuildError::RegistryNotExposed);
}

#[test]
fn a_registry_and_its_sub_registries_are_searched_when_a_layer_is_registered() {
    let mut registry = Registry::default();
    let _first = server()
        .register(registry.sub_registry_with_prefix("shop"))
        .unwrap();
    let _second = server().register(&mut registry).unwrap();
    let error = server()
        .namespace("shop")
        .register(&mut registry)
        .unwrap_err();
    let family = String::from("shop_http_requests");
    assert_eq!(error, BuildError::DuplicateFamily { family });
}

#[tokio::test]
async fn what_is_switched_off_stays_so() {
    let off = Exposition::disabled();
    let _metrics = MetricsLayer::builder().expose_on(&off).unwrap();
    assert_eq!(off.render().unwrap(), "");
    let (_, exposition) = server().pair().unwrap();
    let before = exposition.render().unwrap();
    let _metrics = server().enabled(false).expose_on(&exposition).unwrap();
    assert_eq!(exposition.render().unwrap(), before);
    assert_eq!(text(&exposition, CLASSIC).await, before);
}
