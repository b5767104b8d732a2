//! Labels of the user's own: where they are, what they may show, and that they cost no promise.

use crate::support::{CLASSIC, Ending, OPEN_METRICS, TestLayer, changes, text, two_buckets};
use allocation_counter::measure;
use http::{Request, Response};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Ready, ready},
    time::Duration,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_red::{
    LabelNames, MetricsLayer, MetricsLayerBuilder, Naming, RequestHead, ResponseHead, RouteTemplate,
};

const ROUTE: RouteTemplate = RouteTemplate::new("/");

fn tenant<'a>(head: RequestHead<'a>) -> Option<&'a str> {
    head.header("x-tenant")
}

fn cache<'a>(head: ResponseHead<'a>) -> Option<&'a str> {
    head.header("x-cache")
}

fn closed() -> MetricsLayerBuilder {
    MetricsLayer::builder().label("tenant", ["acme", "globex"], tenant)
}

fn of_tenant(tenant: &str) -> Request<()> {
    let request = Request::get("/").extension(ROUTE);
    request.header("x-tenant", tenant).body(()).unwrap()
}

fn answered(cache: &str) -> Response<String> {
    let response = Response::builder().header("x-cache", cache);
    response.body(String::new()).unwrap()
}

async fn send(layer: &TestLayer, tenant: &str, ending: Ending) {
    let times = (Duration::from_millis(250), Duration::ZERO);
    layer.send(of_tenant(tenant), times, ending).await;
}

/// The lines about requests.
fn requests(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter(|line| line.starts_with("http_requests_total"))
        .collect()
}

#[tokio::test]
async fn all_that_ended_have_the_label_and_what_is_in_flight_has_it_not() {
    let layer = TestLayer::new(closed().buckets(two_buckets()));
    send(&layer, "acme", Ending::Answer(200)).await;
    send(&layer, "globex", Ending::Answer(503)).await;
    send(&layer, "acme", Ending::LeftBeforeHead).await;
    send(&layer, "acme", Ending::LeftInBody).await;
    let expected = "\
# HELP http_requests_total Requests that ended, in whatever way.
# TYPE http_requests_total counter
http_requests_total{method=\"GET\",route=\"/\",status=\"200\",tenant=\"acme\"} 2
http_requests_total{method=\"GET\",route=\"/\",status=\"499\",tenant=\"acme\"} 1
http_requests_total{method=\"GET\",route=\"/\",status=\"503\",tenant=\"globex\"} 1
# HELP http_errors_total Requests that failed, by cause.
# TYPE http_errors_total counter
http_errors_total{method=\"GET\",route=\"/\",error=\"503\",tenant=\"globex\"} 1
# HELP http_requests_cancelled_total Requests that were dropped before their end.
# TYPE http_requests_cancelled_total counter
http_requests_cancelled_total{method=\"GET\",route=\"/\",phase=\"body\",tenant=\"acme\"} 1
http_requests_cancelled_total{method=\"GET\",route=\"/\",phase=\"head\",tenant=\"acme\"} 1
# HELP http_request_duration_seconds Time from the call to the end of the response body, or of a stream to its head.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le=\"0.1\",method=\"GET\",route=\"/\",status=\"200\",tenant=\"acme\"} 0
http_request_duration_seconds_bucket{le=\"1.0\",method=\"GET\",route=\"/\",status=\"200\",tenant=\"acme\"} 2
http_request_duration_seconds_bucket{le=\"+Inf\",method=\"GET\",route=\"/\",status=\"200\",tenant=\"acme\"} 2
http_request_duration_seconds_sum{method=\"GET\",route=\"/\",status=\"200\",tenant=\"acme\"} 0.5
http_request_duration_seconds_count{method=\"GET\",route=\"/\",status=\"200\",tenant=\"acme\"} 2
http_request_duration_seconds_bucket{le=\"0.1\",method=\"GET\",route=\"/\",status=\"499\",tenant=\"acme\"} 0
http_request_duration_seconds_bucket{le=\"1.0\",method=\"GET\",route=\"/\",status=\"499\",tenant=\"acme\"} 1
http_request_duration_seconds_bucket{le=\"+Inf\",method=\"GET\",route=\"/\",status=\"499\",tenant=\"acme\"} 1
http_request_duration_seconds_sum{method=\"GET\",route=\"/\",status=\"499\",tenant=\"acme\"} 0.25
http_request_duration_seconds_count{method=\"GET\",route=\"/\",status=\"499\",tenant=\"acme\"} 1
http_request_duration_seconds_bucket{le=\"0.1\",method=\"GET\",route=\"/\",status=\"503\",tenant=\"globex\"} 0
http_request_duration_seconds_bucket{le=\"1.0\",method=\"GET\",route=\"/\",status=\"503\",tenant=\"globex\"} 1
http_request_duration_seconds_bucket{le=\"+Inf\",method=\"GET\",route=\"/\",status=\"503\",tenant=\"globex\"} 1
http_request_duration_seconds_sum{method=\"GET\",route=\"/\",status=\"503\",tenant=\"globex\"} 0.25
http_request_duration_seconds_count{method=\"GET\",route=\"/\",status=\"503\",tenant=\"globex\"} 1
# HELP http_requests_in_flight Requests that have not ended yet.
# TYPE http_requests_in_flight gauge
http_requests_in_flight{method=\"GET\",route=\"/\"} 0
# HELP http_overflowed_requests_total Requests whose labels were past the layer's budget of label sets.
# TYPE http_overflowed_requests_total counter
http_overflowed_requests_total 0
# HELP http_label_sets Label sets that the layer holds.
# TYPE http_label_sets gauge
http_label_sets 4
# HELP http_label_panics_total Panics of the functions that say the values of labels.
# TYPE http_label_panics_total counter
http_label_panics_total 0
";
    assert_eq!(text(&layer.exposition, CLASSIC).await, expected);
}

#[tokio::test]
async fn a_value_that_is_not_listed_is_other_and_none_is_no_label() {
    let layer = TestLayer::new(closed());
    for tenant in ["evil-1", "evil-2", "_overflow", "ACME", "_OTHER"] {
        send(&layer, tenant, Ending::Answer(200)).await;
    }
    send(&layer, "", Ending::Answer(200)).await;
    let unlabelled = Request::get("/").extension(ROUTE).body(()).unwrap();
    layer.respond(unlabelled, answered(""));
    let expected = [
        r#"http_requests_total{method="GET",route="/",status="200"} 2"#,
        r#"http_requests_total{method="GET",route="/",status="200",tenant="_OTHER"} 4"#,
        r#"http_requests_total{method="GET",route="/",status="200",tenant="_overflow"} 1"#,
    ];
    // `_overflow` is what it says, and no new value.
    assert_eq!(requests(&text(&layer.exposition, CLASSIC).await), expected);
}

#[tokio::test]
async fn an_open_label_keeps_the_first_values_and_a_client_adds_no_more() {
    let builder = MetricsLayer::builder().label_up_to("tenant", 3, tenant);
    let layer = TestLayer::new(builder);
    for number in 0..1_000 {
        send(&layer, &format!("t{number}"), Ending::Answer(200)).await;
    }
    send(&layer, "t1", Ending::Answer(200)).await;
    send(&layer, &"x".repeat(257), Ending::Answer(200)).await;
    let expected = [
        r#"http_requests_total{method="GET",route="/",status="200",tenant="_OTHER"} 998"#,
        r#"http_requests_total{method="GET",route="/",status="200",tenant="t0"} 1"#,
        r#"http_requests_total{method="GET",route="/",status="200",tenant="t1"} 2"#,
        r#"http_requests_total{method="GET",route="/",status="200",tenant="t2"} 1"#,
    ];
    assert_eq!(requests(&text(&layer.exposition, CLASSIC).await), expected);
}

#[tokio::test]
async fn a_long_value_is_other_even_where_there_is_room() {
    let layer = TestLayer::new(MetricsLayer::builder().label_up_to("tenant", 3, tenant));
    send(&layer, &"x".repeat(256), Ending::Answer(200)).await;
    send(&layer, &"y".repeat(257), Ending::Answer(200)).await;
    let text = text(&layer.exposition, CLASSIC).await;
    assert!(text.contains(&format!("tenant=\"{}\"}} 1\n", "x".repeat(256))));
    assert!(text.contains("tenant=\"_OTHER\"} 1\n"));
}

#[tokio::test]
async fn a_label_of_the_response_comes_out_by_its_extensions_or_headers() {
    #[derive(Clone)]
    struct Tenant(String);
    let builder = MetricsLayer::builder()
        .response_label("cache", ["hit", "miss"], cache)
        .response_label_up_to("tenant", 2, |head| {
            head.extensions.get().map(|Tenant(name)| name.as_str())
        });
    let layer = TestLayer::new(builder);
    for tenant in ["a", "b", "c"] {
        let mut response = answered("hit");
        response.extensions_mut().insert(Tenant(tenant.to_owned()));
        layer.respond(of_tenant("ignored"), response);
    }
    layer.respond(of_tenant("ignored"), answered("stale"));
    // No response, no label.
    send(&layer, "ignored", Ending::ServiceFails).await;
    let expected = [
        r#"http_requests_total{method="GET",route="/",status="200",cache="_OTHER"} 1"#,
        r#"http_requests_total{method="GET",route="/",status="200",cache="hit",tenant="_OTHER"} 1"#,
        r#"http_requests_total{method="GET",route="/",status="200",cache="hit",tenant="a"} 1"#,
        r#"http_requests_total{method="GET",route="/",status="200",cache="hit",tenant="b"} 1"#,
        r#"http_requests_total{method="GET",route="/",status="500"} 1"#,
    ];
    assert_eq!(requests(&text(&layer.exposition, CLASSIC).await), expected);
}

#[tokio::test]
async fn a_route_that_the_response_names_keeps_the_labels() {
    let builder = closed().response_label("cache", ["hit"], cache);
    let layer = TestLayer::new(builder);
    let mut response = answered("hit");
    let renamed = RouteTemplate::new("/renamed");
    response.extensions_mut().insert(renamed);
    layer.respond(of_tenant("acme"), response);
    let expected = [
        r#"http_requests_total{method="GET",route="/renamed",status="200",tenant="acme",cache="hit"} 1"#,
    ];
    assert_eq!(requests(&text(&layer.exposition, CLASSIC).await), expected);
}

#[tokio::test]
async fn grpc_calls_and_outgoing_requests_have_them_too() {
    let layer = TestLayer::new(closed().grpc_service("pkg.Svc"));
    let mut call = of_tenant("acme").map(|()| ());
    *call.method_mut() = http::Method::POST;
    *call.uri_mut() = "/pkg.Svc/Do".parse().unwrap();
    call.extensions_mut().remove::<RouteTemplate>();
    let grpc = "application/grpc".parse().unwrap();
    call.headers_mut().insert("content-type", grpc);
    let times = (Duration::ZERO, Duration::ZERO);
    layer.send(call, times, Ending::Grpc("0")).await;
    let expected = [
        r#"http_requests_total{method="POST",route="/pkg.Svc/Do",status="200",grpc_status="OK",tenant="acme"} 1"#,
    ];
    assert_eq!(requests(&text(&layer.exposition, CLASSIC).await), expected);

    let client = closed().client().peers(["billing"]);
    let layer = TestLayer::new(client);
    let mut outgoing = of_tenant("acme");
    *outgoing.uri_mut() = "http://billing/".parse().unwrap();
    layer.respond(outgoing, answered(""));
    let text = text(&layer.exposition, CLASSIC).await;
    let expected = r#"http_client_requests_total{method="GET",route="/",peer="billing",status="200",tenant="acme"} 1"#;
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn a_panic_in_a_function_fails_neither_the_request_nor_the_count() {
    let builder = MetricsLayer::builder()
        .label("tenant", ["acme"], |head| match tenant(head) {
            Some("bad") => panic!("in a label"),
            value => value,
        })
        .response_label("cache", ["hit"], |head| match cache(head) {
            Some("bad") => panic!("in a label"),
            value => value,
        });
    let layer = TestLayer::new(builder);
    for (tenant, cache) in [
        ("acme", "hit"),
        ("bad", "hit"),
        ("acme", "bad"),
        ("bad", "bad"),
    ] {
        let response = layer.respond(of_tenant(tenant), answered(cache));
        assert_eq!(response.status(), 200);
    }
    let text = text(&layer.exposition, CLASSIC).await;
    let row = |tenant: &str, cache: &str| {
        format!(
            "http_requests_total{{method=\"GET\",route=\"/\",status=\"200\",tenant=\"{tenant}\",cache=\"{cache}\"}} 1"
        )
    };
    let expected = [
        row("_OTHER", "_OTHER"),
        row("_OTHER", "hit"),
        row("acme", "_OTHER"),
        row("acme", "hit"),
    ];
    assert_eq!(requests(&text), expected);
    assert!(text.contains("\nhttp_label_panics_total 4\n"), "{text}");
}

#[tokio::test]
async fn past_the_budget_they_fold_with_the_route_and_keep_method_and_status() {
    let layer = TestLayer::new(closed().max_label_sets(2));
    for tenant in ["acme", "globex"] {
        send(&layer, tenant, Ending::Answer(200)).await;
    }
    send(&layer, "acme", Ending::Answer(404)).await;
    send(&layer, "globex", Ending::Answer(404)).await;
    send(&layer, "acme", Ending::Answer(200)).await;
    let text = text(&layer.exposition, CLASSIC).await;
    let expected = [
        r#"http_requests_total{method="GET",route="/",status="200",tenant="acme"} 2"#,
        r#"http_requests_total{method="GET",route="/",status="200",tenant="globex"} 1"#,
        r#"http_requests_total{method="GET",route="_overflow",status="404",tenant="_overflow"} 2"#,
    ];
    assert_eq!(requests(&text), expected);
    assert!(text.contains("\nhttp_overflowed_requests_total 2\n"));
}

/// Memory is what the budget is for: sets of values past it are not kept.
#[test]
fn past_the_budget_new_combinations_take_no_memory() {
    let builder = MetricsLayer::builder()
        .label_up_to("tenant", 300, tenant)
        .label_up_to("plan", 300, |head| head.header("x-plan"))
        .max_label_sets(10);
    let layer = TestLayer::new(builder);
    let send = |tenant: usize, plan: usize| {
        let mut request = of_tenant(&format!("t{tenant}"));
        let plan = format!("p{plan}").parse().unwrap();
        request.headers_mut().insert("x-plan", plan);
        drop(layer.respond(request, answered("")));
    };
    (0..300).for_each(|n| send(n, n));
    let taken = measure(|| {
        for tenant in 0..300 {
            (0..100).for_each(|plan| send(tenant, plan));
        }
    });
    assert!(taken.bytes_current < 10_000, "{taken:?}");
    let snapshot = layer.exposition.snapshot();
    assert_eq!(snapshot.requests().count(), 30_300);
    assert_eq!(
        snapshot.requests().route("_overflow").count(),
        30_300 - 10 - 10
    );
}

#[tokio::test]
async fn every_naming_and_every_format_shows_them() {
    for (naming, expected) in [
        (
            Naming::OpenTelemetry,
            r#"http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="200",url_scheme="http",network_protocol_version="1.1",tenant="acme"} 1"#,
        ),
        (
            Naming::AxumPrometheus,
            r#"axum_http_requests_total{method="GET",status="200",endpoint="/",tenant="acme"} 1"#,
        ),
    ] {
        let layer = TestLayer::new(closed().naming(naming));
        send(&layer, "acme", Ending::Answer(200)).await;
        for format in [CLASSIC, OPEN_METRICS] {
            let text = text(&layer.exposition, format).await;
            assert!(text.contains(expected), "{text}");
            let panics = text
                .lines()
                .find(|line| line.contains("label_panics_total 0"));
            assert!(panics.is_some(), "{text}");
        }
    }
    let mut registry = prometheus_client::registry::Registry::default();
    let layer = TestLayer::register(closed(), &mut registry);
    layer.respond(of_tenant("acme"), answered(""));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let expected = r#"http_requests_total{method="GET",route="/",status="200",tenant="acme"} 1"#;
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn skipped_requests_ask_nobody() {
    let builder = MetricsLayer::builder()
        .skip(["/"])
        .label("tenant", ["acme"], |_| panic!("asked"));
    let layer = TestLayer::new(builder);
    layer.respond(of_tenant("acme"), answered(""));
    let text = text(&layer.exposition, CLASSIC).await;
    assert!(text.contains("\nhttp_label_panics_total 0\n"), "{text}");
    assert_eq!(layer.all().await, changes([]));
}

#[tokio::test]
async fn the_inner_service_gets_the_request_that_the_function_saw() {
    let (metrics, _) = closed().pair().unwrap();
    let service = metrics.layer(service_fn(
        |request: Request<()>| -> Ready<Result<Response<String>, Infallible>> {
            assert_eq!(request.headers()["x-tenant"], "acme");
            assert_eq!(request.extensions().get(), Some(&ROUTE));
            ready(Ok(Response::new(String::new())))
        },
    ));
    service.oneshot(of_tenant("acme")).await.unwrap();
}

#[tokio::test]
async fn they_are_nothing_to_another_layer_on_the_same_thread() {
    let none = (Duration::ZERO, Duration::ZERO);
    let labelled = TestLayer::new(closed());
    let client = MetricsLayer::builder().client();
    let client = TestLayer::new(client.naming(Naming::OpenTelemetry));
    let call = || Request::get("http://a/").extension(ROUTE).body(()).unwrap();
    client.send(call(), none, Ending::Answer(200)).await;
    let once = client.all().await;
    for tenant in ["acme", "globex"] {
        send(&labelled, tenant, Ending::Answer(200)).await;
        client.send(call(), none, Ending::Answer(200)).await;
    }
    let thrice = client.all().await;
    assert!(once.keys().eq(thrice.keys()), "{thrice:?}");
    let count = |all: &BTreeMap<String, f64>| -> f64 {
        let counts = all.iter().filter(|(name, _)| name.contains("_count{"));
        counts.map(|(_, value)| value).sum()
    };
    assert_eq!((count(&once), count(&thrice)), (1.0, 3.0), "{thrice:?}");
}

#[test]
fn mistakes_are_told_all_at_once() {
    let error = MetricsLayer::builder()
        .namespace("my shop")
        .label("le", ["a", "", "a", "_OTHER"], |_| None)
        .label_up_to("method", 0, |_| None)
        .constant_label("region", "eu")
        .label("region", ["b"], |_| None)
        .pair()
        .unwrap_err();
    let expected = "\
there are 8 mistakes:
- namespace \"my shop\" is not allowed: it must begin with a letter, and have only letters, digits and underscores; write \"my_shop\"
- label \"le\" cannot have the value \"\": to Prometheus, an empty label is no label; let the function return `None`
- label \"le\" cannot have the value \"a\": it is listed twice
- label \"le\" cannot have the value \"_OTHER\": it stands for all values that are not listed; leave it out
- label \"method\" has no possible value: list some, or write 1 or more instead of 0
- label name \"le\" is not allowed: Prometheus uses it for the bounds of buckets; write another name
- label name \"method\" is not allowed: another label has that name; give one of them another
- label name \"region\" is not allowed: another label has that name; give one of them another";
    assert_eq!(error.to_string(), expected);
    let names = LabelNames::default().status("code");
    let renamed = MetricsLayer::builder().label_names(names);
    assert!(renamed.label("status", ["a"], |_| None).pair().is_ok());
}

#[test]
fn more_combinations_than_can_be_told_apart_are_refused() {
    let open = |builder: MetricsLayerBuilder, name: &str| builder.label_up_to(name, 2_000, tenant);
    let two = open(open(MetricsLayer::builder(), "a"), "b");
    let error = open(two, "c").pair().unwrap_err();
    assert!(error.to_string().contains("more than 2^32 combinations"));
}
