//! A program reads back what was counted, whatever families are called.

use crate::support::{CLASSIC, Ending, TestLayer, http1, request, serve, text, two_buckets};
use axum::{Router, routing::get};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::time::Duration;
use tower_red::{
    Buckets, Exposition, MetricsLayer, MetricsLayerBuilder, Naming, NativeHistogram, RouteTemplate,
    Snapshot,
};

fn builder() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

async fn send(layer: &TestLayer, method: &str, route: &'static str, ending: Ending) {
    let request = Request::builder().method(method).uri("/");
    let request = request
        .extension(RouteTemplate::new(route))
        .body(())
        .unwrap();
    let times = (Duration::from_millis(500), Duration::ZERO);
    layer.send(request, times, ending).await;
}

/// So many bounds that most bins are never made.
#[tokio::test]
async fn a_quantile_begins_where_the_bucket_before_ends_even_if_that_is_empty() {
    let layer = TestLayer::new(
        MetricsLayer::builder()
            .buckets(Buckets::linear(0.001, 0.001, 64).unwrap())
            .buckets_for(["/report"], Buckets::custom([1.0]).unwrap()),
    );
    send(&layer, "GET", "/", Ending::Answer(200)).await;
    let snapshot = layer.exposition.snapshot();
    for (part, expected) in [(0.0, 0.064), (0.5, 0.532), (1.0, 1.0)] {
        let quantile = snapshot.durations().quantile(part);
        assert!((quantile - expected).abs() < 1e-9, "{quantile}");
    }
}

/// One request of each kind.
async fn drive(layer: &TestLayer) -> Snapshot {
    send(layer, "GET", "/users/{id}", Ending::Answer(200)).await;
    send(layer, "GET", "/users/{id}", Ending::Answer(200)).await;
    send(layer, "GET", "/users/{id}", Ending::Answer(404)).await;
    send(layer, "POST", "/pay", Ending::Answer(503)).await;
    send(layer, "POST", "/pay", Ending::ServiceFails).await;
    send(layer, "POST", "/pay", Ending::BodyFails).await;
    send(layer, "GET", "/pay", Ending::LeftBeforeHead).await;
    send(layer, "GET", "/pay", Ending::LeftInBody).await;
    let call = Request::post("/pkg.Svc/Do").header("content-type", "application/grpc");
    let times = (Duration::ZERO, Duration::ZERO);
    layer
        .send(call.body(()).unwrap(), times, Ending::Grpc("0"))
        .await;
    layer.exposition.snapshot()
}

#[tokio::test]
async fn every_ending_can_be_asked_for() {
    for builder in [
        builder(),
        builder().naming(Naming::OpenTelemetry),
        builder().naming(Naming::AxumPrometheus),
        builder().native_histogram(NativeHistogram::default()),
    ] {
        let layer = TestLayer::new(builder);
        let s = drive(&layer).await;
        assert_eq!(s.requests().count(), 9);
        assert_eq!(s.requests().route("/users/{id}").count(), 3);
        assert_eq!(s.requests().route("/users/{id}").status(200).count(), 2);
        assert_eq!(s.requests().method("POST").status(500).count(), 1);
        assert_eq!(s.requests().status(499).count(), 1);
        assert_eq!(
            s.requests().grpc_status("OK").route("/pkg.Svc/Do").count(),
            1
        );
        assert_eq!(s.errors().count(), 3);
        for cause in ["503", "service", "body"] {
            assert_eq!(s.errors().cause(cause).count(), 1, "{cause}");
        }
        assert_eq!(s.errors().cause("panic").count(), 0);
        assert_eq!(s.cancelled().count(), 2);
        assert_eq!(s.cancelled().phase("head").count(), 1);
        assert_eq!(s.cancelled().phase("body").route("/pay").count(), 1);
        assert_eq!(s.in_flight().value(), 0);
        let durations = s.durations().route("/users/{id}");
        assert_eq!(durations.sum(), 1.5);
        assert!(
            (durations.quantile(0.5) - 0.55).abs() < 1e-9,
            "{durations:?}"
        );
        assert_eq!(s.requests().route("/nowhere").quantile(0.5), 0.0);
        assert_eq!(s.requests().peer("billing").count(), 0);
        let expected = "\
cancelled GET /pay body: 1
cancelled GET /pay head: 1
errors POST /pay 503: 1
errors POST /pay body: 1
errors POST /pay service: 1
requests GET /pay 200: 1
requests GET /pay 499: 1
requests GET /users/{id} 200: 2
requests GET /users/{id} 404: 1
requests POST /pay 200: 1
requests POST /pay 500: 1
requests POST /pay 503: 1
requests POST /pkg.Svc/Do 200 OK: 1
";
        assert_eq!(s.to_string(), expected);
    }
}

#[tokio::test]
async fn a_difference_has_what_came_in_between() {
    let layer = TestLayer::new(builder());
    let before = drive(&layer).await;
    send(&layer, "GET", "/users/{id}", Ending::Answer(200)).await;
    let request = Request::get("/").extension(RouteTemplate::new("/slow"));
    let active = layer.never(request.body(()).unwrap());
    let since = layer.exposition.snapshot().since(&before);
    assert_eq!(
        since.to_string(),
        "in flight GET /slow: 1\nrequests GET /users/{id} 200: 1\n"
    );
    assert_eq!(since.requests().count(), 1);
    assert_eq!(since.durations().sum(), 0.5);
    assert_eq!(since.in_flight().method("GET").route("/slow").value(), 1);
    drop(active);
    let s = layer.exposition.snapshot();
    assert_eq!(s.since(&s).to_string(), "");
    // In the wrong order, nothing came in between.
    let none = before.since(&s);
    assert_eq!(none.requests().count(), 0);
    assert_eq!(none.durations().sum(), 0.0);
    assert_eq!(
        before.since(&Snapshot::default()).to_string(),
        before.to_string()
    );
}

#[tokio::test]
async fn several_layers_are_told_apart() {
    let (metrics, exposition) = builder().constant_label("version", "v1").pair().unwrap();
    let client = builder().client().peers(["billing"]);
    let outgoing = client.label("tenant", ["acme"], |head| head.header("x-tenant"));
    let outgoing = outgoing.expose_on(&exposition).unwrap();
    let respond = |layer: &MetricsLayer, uri: &str| {
        let request = Request::get(uri).header("x-tenant", "acme");
        let request = request.extension(RouteTemplate::new("/")).body(()).unwrap();
        let service = tower::service_fn(|_: Request<()>| {
            std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(
                String::new(),
            )))
        });
        let service = tower::Layer::layer(layer, service);
        futures_util::FutureExt::now_or_never(tower::ServiceExt::oneshot(service, request))
            .unwrap()
            .unwrap();
    };
    respond(&metrics, "/");
    respond(&outgoing, "http://billing/");
    respond(&outgoing, "http://elsewhere/");
    let s = exposition.snapshot();
    assert_eq!(s.requests().incoming().label("version", "v1").count(), 1);
    assert_eq!(s.requests().outgoing().count(), 2);
    assert_eq!(
        s.requests().peer("billing").label("tenant", "acme").count(),
        1
    );
    assert_eq!(s.requests().peer("_OTHER").count(), 1);
    assert_eq!(s.in_flight().outgoing().peer("billing").value(), 0);
    assert_eq!(s.in_flight().incoming().value(), 0);
    let expected = "\
requests GET / version=\"v1\" 200: 1
requests outgoing GET / at _OTHER tenant=\"acme\" 200: 1
requests outgoing GET / at billing tenant=\"acme\" 200: 1
";
    assert_eq!(s.to_string(), expected);
}

#[tokio::test]
async fn idle_waits_for_the_end_of_every_response() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/{id}", get(|| async { "x".repeat(100_000) }))
        .layer(metrics.clone());
    let mut client = http1(serve(app).await).await;
    for round in 1..=50 {
        let response = client.send_request(request("GET", "/7")).await.unwrap();
        response.into_body().collect().await.unwrap();
        metrics.idle().await;
        let s = exposition.snapshot();
        assert_eq!(s.requests().route("/{id}").status(200).count(), round);
    }
    let (off, _) = builder().enabled(false).pair().unwrap();
    off.idle().await;
}

#[tokio::test]
async fn a_text_without_http_is_that_of_a_scrape() {
    let layer = TestLayer::new(builder());
    let _ = drive(&layer).await;
    let rendered = layer.exposition.render().unwrap();
    assert_eq!(rendered, text(&layer.exposition, CLASSIC).await);
    assert!(rendered.contains("http_requests_total"));
    let disabled = Exposition::disabled();
    assert_eq!(disabled.render().unwrap(), "");
    assert_eq!(disabled.snapshot().to_string(), "");
}

#[tokio::test]
async fn a_scrape_can_ask_for_some_families() {
    let layer = TestLayer::new(builder());
    let _ = drive(&layer).await;
    let asked = async |query: &str| {
        let uri = format!("/metrics?{query}");
        let request = Request::get(uri).body(()).unwrap();
        let response = tower::ServiceExt::oneshot(layer.exposition.clone(), request);
        let body = response.await.unwrap().into_body().collect().await.unwrap();
        let text = String::from_utf8(body.to_bytes().into()).unwrap();
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let names = types.map(|line| line.split(' ').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        asked("name[]=http_errors_total").await,
        ["http_errors_total"]
    );
    assert_eq!(asked("name%5B%5D=http_errors").await, ["http_errors_total"]);
    let two = "name[]=http_request_duration_seconds&x=y&name[]=http_label_sets";
    let expected = ["http_request_duration_seconds", "http_label_sets"];
    assert_eq!(asked(two).await, expected);
    assert_eq!(
        asked("name[]=http_request_duration_seconds_bucket").await,
        ["http_request_duration_seconds"]
    );
    assert_eq!(asked("name[]=nothing").await, [""; 0]);
    assert_eq!(asked("name=http_errors_total").await.len(), 7);
}
