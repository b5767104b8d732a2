//! What the builder lets users choose: what is an error, which methods, families, labels and buckets there are.

use crate::support::{
    CLASSIC, Ending, TestLayer, complete, http1, request, serve, sum, text, two_buckets,
};
use axum::{Router, routing::get};
use http::Request;
use prometheus_client::registry::Registry;
use std::time::Duration;
use tower_red::{
    Buckets, BuildError, DurationStatus, MetricsLayer, MetricsLayerBuilder, Naming,
    NativeHistogram, RedFamily, RouteTemplate, TraceId,
};

fn builder() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

fn to(method: &str, route: &'static str) -> Request<()> {
    let request = Request::builder().method(method);
    let request = request.uri("/").extension(RouteTemplate::new(route));
    request.body(()).unwrap()
}

async fn send(layer: &TestLayer, request: Request<()>, ending: Ending) {
    let times = (Duration::from_millis(500), Duration::ZERO);
    layer.send(request, times, ending).await;
}

async fn get_with(layer: &TestLayer, status: u16) {
    send(layer, to("GET", "/"), Ending::Answer(status)).await;
}

/// The lines that begin so.
async fn lines(layer: &TestLayer, start: &str) -> Vec<String> {
    let text = text(&layer.exposition, CLASSIC).await;
    let lines = text.lines().filter(|line| line.starts_with(start));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn which_statuses_are_errors_is_for_the_user_to_say() {
    let layer = TestLayer::new(builder().error_statuses(|status| status == 429 || status == 500));
    for status in [200, 404, 429, 500, 503] {
        get_with(&layer, status).await;
    }
    send(&layer, to("GET", "/"), Ending::BodyFails).await;
    send(&layer, to("GET", "/"), Ending::ServiceFails).await;
    let expected = [
        r#"http_errors_total{method="GET",route="/",error="429"} 1"#,
        r#"http_errors_total{method="GET",route="/",error="500"} 1"#,
        r#"http_errors_total{method="GET",route="/",error="body"} 1"#,
        r#"http_errors_total{method="GET",route="/",error="service"} 1"#,
    ];
    assert_eq!(lines(&layer, "http_errors_total{").await, expected);
}

#[tokio::test]
async fn which_codes_are_errors_too() {
    let layer = TestLayer::new(
        builder()
            .grpc_service("pkg.Svc")
            .error_codes(|code| code == "NOT_FOUND" || code == "UNIMPLEMENTED"),
    );
    for code in ["5", "13", "12"] {
        let request = Request::post("/pkg.Svc/Do").header("content-type", "application/grpc");
        send(&layer, request.body(()).unwrap(), Ending::Grpc(code)).await;
    }
    // A method that nobody declared and nobody proved is an invention of its client's.
    let expected =
        [r#"http_errors_total{method="POST",route="/pkg.Svc/_OTHER",error="NOT_FOUND"} 1"#];
    assert_eq!(lines(&layer, "http_errors_total{").await, expected);

    let layer = TestLayer::new(builder().error_codes(|_| true).routes(["/pkg.Svc/Do"]));
    let request = Request::post("/pkg.Svc/Do").header("content-type", "application/grpc");
    send(&layer, request.body(()).unwrap(), Ending::Grpc("12")).await;
    let expected =
        [r#"http_errors_total{method="POST",route="/pkg.Svc/Do",error="UNIMPLEMENTED"} 1"#];
    assert_eq!(lines(&layer, "http_errors_total{").await, expected);
}

#[tokio::test]
async fn a_deadline_that_is_no_error_is_a_cancellation() {
    for (is_error, errors, cancelled) in [(true, 1, 0), (false, 0, 1)] {
        let layer = TestLayer::new(
            builder()
                .routes(["/pkg.Svc/Do"])
                .error_codes(move |_| is_error),
        );
        let call = Request::post("/pkg.Svc/Do")
            .header("content-type", "application/grpc")
            .header("grpc-timeout", "1m");
        send(&layer, call.body(()).unwrap(), Ending::LeftBeforeHead).await;
        assert_eq!(lines(&layer, "http_errors_total{").await.len(), errors);
        assert_eq!(
            lines(&layer, "http_requests_cancelled_total{").await.len(),
            cancelled
        );
    }
}

#[tokio::test]
async fn a_function_that_panics_leaves_the_default() {
    let layer = TestLayer::new(builder().error_statuses(|_| panic!("in a function")));
    for status in [404, 503] {
        get_with(&layer, status).await;
    }
    let expected = [r#"http_errors_total{method="GET",route="/",error="503"} 1"#];
    assert_eq!(lines(&layer, "http_errors_total{").await, expected);
}

#[tokio::test]
async fn requests_ask_no_function_that_says_what_is_an_error() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let layer = TestLayer::new(builder().error_statuses(move |_| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        true
    }));
    for _ in 0..10 {
        get_with(&layer, 200).await;
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 0);
    let expected = [r#"http_errors_total{method="GET",route="/",error="200"} 10"#];
    assert_eq!(lines(&layer, "http_errors_total{").await, expected);
}

#[tokio::test]
async fn the_list_of_known_methods_can_be_replaced() {
    let layer = TestLayer::new(builder().methods(["GET", "PROPFIND", "QUERY"]));
    for method in ["GET", "PROPFIND", "QUERY", "POST", "BREW", "HEAD"] {
        send(&layer, to(method, "/"), Ending::Answer(200)).await;
    }
    let expected = [
        r#"http_requests_total{method="GET",route="/",status="200"} 1"#,
        r#"http_requests_total{method="PROPFIND",route="/",status="200"} 1"#,
        r#"http_requests_total{method="QUERY",route="/",status="200"} 1"#,
        r#"http_requests_total{method="_OTHER",route="/",status="200"} 3"#,
    ];
    assert_eq!(lines(&layer, "http_requests_total{").await, expected);
    // A HEAD that is not listed still ends with its head.
    assert_eq!(
        lines(&layer, "http_requests_cancelled_total{").await,
        [""; 0]
    );
    let in_flight = lines(&layer, "http_requests_in_flight{").await;
    assert_eq!(in_flight.len(), 4, "{in_flight:?}");
}

#[test]
fn methods_that_are_none_are_refused() {
    let message = |methods: &[&str]| {
        let methods = methods.iter().copied();
        let error = builder().methods(methods).pair().unwrap_err();
        error.to_string()
    };
    assert_eq!(
        message(&["get"]),
        r#"method "get" is not allowed: methods are case-sensitive; write "GET""#
    );
    assert_eq!(
        message(&["A B"]),
        r#"method "A B" is not allowed: it is not an HTTP token, as methods are"#
    );
    assert_eq!(
        message(&["GET", "GET"]),
        r#"method "GET" is not allowed: it is listed twice"#
    );
    assert_eq!(
        message(&["_OTHER"]),
        r#"method "_OTHER" is not allowed: it stands for all methods that are not listed; leave it out"#
    );
    assert_eq!(
        message(&[]),
        "`methods` lists none, so all would be `_OTHER`: list some, or leave it out"
    );
    let many: Vec<_> = (0..53).map(|index| format!("M{index}")).collect();
    let error = builder().methods(many.clone()).pair().unwrap_err();
    assert_eq!(error, BuildError::TooManyMethods { most: 52 });
    let _most = builder().methods(many[..52].to_vec()).pair().unwrap();
}

#[tokio::test]
async fn families_can_be_left_out_one_by_one() {
    let all = [
        (RedFamily::Requests, "http_requests_total"),
        (RedFamily::Errors, "http_errors_total"),
        (RedFamily::Cancelled, "http_requests_cancelled_total"),
        (RedFamily::Durations, "http_request_duration_seconds"),
        (RedFamily::InFlight, "http_requests_in_flight"),
        (RedFamily::Overflowed, "http_overflowed_requests_total"),
        (RedFamily::LabelSets, "http_label_sets"),
    ];
    for (family, _) in all {
        let layer = TestLayer::new(builder().without(family));
        get_with(&layer, 200).await;
        let types = lines(&layer, "# TYPE").await;
        let expected = all.into_iter().filter(|(other, _)| *other != family);
        let expected: Vec<_> = expected.map(|(_, name)| name).collect();
        let names: Vec<_> = types
            .iter()
            .map(|line| line.split(' ').nth(2).unwrap())
            .collect();
        assert_eq!(names, expected);
    }
    let none = all
        .into_iter()
        .fold(builder(), |builder, (family, _)| builder.without(family));
    assert_eq!(text(&TestLayer::new(none).exposition, CLASSIC).await, "");
}

#[tokio::test]
async fn a_histogram_without_the_code_has_the_same_sum() {
    for (shown, expected) in [
        (
            DurationStatus::Class,
            &[
                r#"http_request_duration_seconds_count{method="GET",route="/",status="2xx"} 2"#,
                r#"http_request_duration_seconds_count{method="GET",route="/",status="4xx"} 2"#,
                r#"http_request_duration_seconds_count{method="GET",route="/",status="5xx"} 1"#,
                r#"http_request_duration_seconds_count{method="GET",route="/",status="_OTHER"} 1"#,
            ][..],
        ),
        (
            DurationStatus::None,
            &[r#"http_request_duration_seconds_count{method="GET",route="/"} 6"#],
        ),
    ] {
        let layer = TestLayer::new(builder().duration_status(shown));
        for status in [404, 200, 201, 999, 503] {
            get_with(&layer, status).await;
        }
        send(&layer, to("GET", "/"), Ending::LeftBeforeHead).await;
        let counts = lines(&layer, "http_request_duration_seconds_count").await;
        assert_eq!(counts, expected);
        assert_eq!(lines(&layer, "http_requests_total{").await.len(), 6);
    }
}

#[tokio::test]
async fn under_opentelemetrys_names_an_error_of_a_class_is_that_class() {
    for (shown, status, expected) in [
        (
            DurationStatus::Code,
            r#",http_response_status_code="503""#,
            "503",
        ),
        (
            DurationStatus::Class,
            r#",http_response_status_code="5xx""#,
            "5xx",
        ),
        (DurationStatus::None, "", "5xx"),
    ] {
        let layer = TestLayer::new(
            builder()
                .naming(Naming::OpenTelemetry)
                .duration_status(shown),
        );
        get_with(&layer, 503).await;
        let counts = lines(&layer, "http_server_request_duration_seconds_count").await;
        let labels = format!(
            r#"http_request_method="GET",http_route="/"{status},error_type="{expected}",url_scheme="http",network_protocol_version="1.1""#
        );
        let expected = format!("http_server_request_duration_seconds_count{{{labels}}} 1");
        assert_eq!(counts, [expected]);
    }
}

#[tokio::test]
async fn series_of_fewer_labels_are_sorted_by_what_they_show() {
    let layer = TestLayer::new(builder().duration_status(DurationStatus::None).label(
        "tenant",
        ["a", "b"],
        |head| head.header("x-tenant"),
    ));
    for (tenant, status) in [("b", 200), ("a", 500), ("a", 200), ("b", 500)] {
        let mut request = to("GET", "/");
        request
            .headers_mut()
            .insert("x-tenant", tenant.parse().unwrap());
        send(&layer, request, Ending::Answer(status)).await;
    }
    let expected = [
        r#"http_request_duration_seconds_count{method="GET",route="/",tenant="a"} 2"#,
        r#"http_request_duration_seconds_count{method="GET",route="/",tenant="b"} 2"#,
    ];
    assert_eq!(
        lines(&layer, "http_request_duration_seconds_count").await,
        expected
    );
}

#[tokio::test]
async fn the_version_of_http_is_a_label_if_it_is_asked_for() {
    let layer = TestLayer::new(builder().http_version());
    get_with(&layer, 200).await;
    let mut second = to("GET", "/");
    *second.version_mut() = http::Version::HTTP_2;
    send(&layer, second, Ending::Answer(500)).await;
    let expected = [
        r#"http_requests_total{method="GET",route="/",status="200",http_version="1.1"} 1"#,
        r#"http_requests_total{method="GET",route="/",status="500",http_version="2"} 1"#,
    ];
    assert_eq!(lines(&layer, "http_requests_total{").await, expected);
    let expected = [r#"http_errors_total{method="GET",route="/",error="500"} 1"#];
    assert_eq!(lines(&layer, "http_errors_total{").await, expected);
}

#[tokio::test]
async fn a_route_may_have_buckets_of_its_own() {
    let layer = TestLayer::new(builder().buckets_for(
        ["/report", "/export"],
        Buckets::custom([0.4, 30.0]).unwrap(),
    ));
    send(&layer, to("GET", "/"), Ending::Answer(200)).await;
    send(&layer, to("GET", "/report"), Ending::Answer(200)).await;
    let start = "http_request_duration_seconds";
    let expected = [
        r#"http_request_duration_seconds_bucket{le="0.1",method="GET",route="/",status="200"} 0"#,
        r#"http_request_duration_seconds_bucket{le="1.0",method="GET",route="/",status="200"} 1"#,
        r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/",status="200"} 1"#,
        r#"http_request_duration_seconds_sum{method="GET",route="/",status="200"} 0.5"#,
        r#"http_request_duration_seconds_count{method="GET",route="/",status="200"} 1"#,
        r#"http_request_duration_seconds_bucket{le="0.4",method="GET",route="/report",status="200"} 0"#,
        r#"http_request_duration_seconds_bucket{le="30.0",method="GET",route="/report",status="200"} 1"#,
        r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/report",status="200"} 1"#,
        r#"http_request_duration_seconds_sum{method="GET",route="/report",status="200"} 0.5"#,
        r#"http_request_duration_seconds_count{method="GET",route="/report",status="200"} 1"#,
    ];
    assert_eq!(lines(&layer, start).await, expected);
}

/// So many bounds that most bins are never made.
#[tokio::test]
async fn many_bounds_of_several_routes_lead_to_the_same_buckets() {
    let layer = TestLayer::new(
        MetricsLayer::builder()
            .buckets(Buckets::linear(0.001, 0.001, 64).unwrap())
            .buckets_for(["/report"], Buckets::linear(0.1, 0.1, 64).unwrap())
            .buckets_for(["/export"], Buckets::custom([0.3, 30.0]).unwrap()),
    );
    for route in ["/", "/report", "/export"] {
        send(&layer, to("GET", route), Ending::Answer(200)).await;
    }
    let lines = lines(&layer, "http_request_duration_seconds_bucket").await;
    let shown = |le: &str, route: &str| {
        let start = format!(r#"{{le="{le}",method="GET",route="{route}""#);
        let mut lines = lines.iter().filter(|line| line.contains(&start));
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("{start} in {lines:?}"));
        line.rsplit(' ').next().unwrap().to_owned()
    };
    // They took half a second.
    for (le, route, expected) in [
        ("0.001", "/", "0"),
        ("0.064", "/", "0"),
        ("+Inf", "/", "1"),
        ("0.1", "/report", "0"),
        ("0.4", "/report", "0"),
        ("0.5", "/report", "1"),
        ("0.3", "/export", "0"),
        ("30.0", "/export", "1"),
    ] {
        assert_eq!(shown(le, route), expected, "{le} of {route}: {lines:?}");
    }
}

#[tokio::test]
async fn exemplars_and_native_histograms_go_with_buckets_of_routes() {
    let layer = TestLayer::new(
        builder()
            .buckets_for(["/report"], Buckets::custom([0.2, 30.0]).unwrap())
            .native_histogram(NativeHistogram::default().schema(0))
            .exemplar(|_| TraceId::from_bytes([1; 16])),
    );
    send(&layer, to("GET", "/report"), Ending::Answer(200)).await;
    let text = text(&layer.exposition, crate::support::OPEN_METRICS).await;
    let line = text
        .lines()
        .find(|line| line.contains("le=\"30.0\""))
        .unwrap();
    assert!(
        line.contains("route=\"/report\",status=\"200\"} 1 # {trace_id="),
        "{line}"
    );
    assert!(!text.contains("le=\"1.0\",method"), "{text}");
}

#[test]
fn buckets_of_routes_that_are_none_or_told_twice_are_refused() {
    let error = builder()
        .buckets_for(["report"], Buckets::slow())
        .buckets_for(["/a", "/b"], Buckets::slow())
        .buckets_for(["/b"], Buckets::fast())
        .pair()
        .unwrap_err();
    let expected = "\
there are 2 mistakes:
- route \"report\" is not allowed in `buckets_for`: it does not begin with `/`
- route \"/b\" is not allowed in `buckets_for`: it already has other buckets";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn routes_of_a_group_have_its_buckets() {
    let grouped = || builder().group(["/a", "/b"], "reports");
    let layer = TestLayer::new(grouped().buckets_for(["reports"], Buckets::slow()));
    send(&layer, to("GET", "/a"), Ending::Answer(200)).await;
    let lines = lines(&layer, "http_request_duration_seconds_bucket").await;
    assert_eq!(lines.len(), 7, "{lines:?}");

    let error = grouped().buckets_for(["/b"], Buckets::slow()).pair();
    let expected = "route \"/b\" is not allowed in `buckets_for`: it is counted under its group; write \"reports\"";
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn routes_of_a_group_are_counted_under_its_name() {
    let (metrics, exposition) = builder()
        .group(["/foo", "/foo/{id}", "/files/{*path}"], "foo")
        .skip(["/foo"])
        .pair()
        .unwrap();
    let app = Router::new()
        .route("/foo", get(|| async { "foo" }))
        .route("/foo/{id}", get(|| async { "a foo" }))
        .route("/bar", get(|| async { "bar" }))
        .fallback(|| async { "a file" })
        .layer(metrics);
    let address = serve(app).await;
    let mut client = http1(address).await;
    for path in ["/foo", "/foo/1", "/foo/2", "/bar", "/files/a/b", "/other"] {
        let response = client.send_request(request("GET", path)).await.unwrap();
        let body = http_body_util::BodyExt::collect(response.into_body());
        body.await.unwrap();
    }
    let expected = sum([
        crate::support::times(3.0, complete("GET", "foo", "200")),
        complete("GET", "/bar", "200"),
        complete("GET", "_unmatched", "200"),
    ]);
    let settled = crate::support::settled(&exposition).await;
    assert_eq!(settled.since(&crate::support::Scrape::default()), expected);
}

#[test]
fn groups_that_are_none_are_refused() {
    let message = |route: &str, name: &str| {
        let error = builder().group([route], name).pair().unwrap_err();
        error.to_string()
    };
    assert_eq!(
        message("/a", ""),
        r#"route "/a" is not allowed in `group`: the name of its group is empty"#
    );
    assert_eq!(
        message("/a", "_overflow"),
        r#"route "/a" is not allowed in `group`: the name of its group stands for other requests"#
    );
    assert_eq!(
        message("a", "b"),
        r#"route "a" is not allowed in `group`: it does not begin with `/`"#
    );
    let overlapping = builder().group(["/a"], "one").group(["/a"], "two").pair();
    let error = overlapping.unwrap_err().to_string();
    assert!(
        error.starts_with("route \"/a\" is not allowed in `group`:"),
        "{error}"
    );
    let _both = builder()
        .routes(["/a"])
        .group(["/a"], "one")
        .pair()
        .unwrap();
    let error = builder().client().group(["/a"], "one").pair().unwrap_err();
    assert_eq!(error, BuildError::NotForClients { setting: "group" });
}

#[tokio::test]
async fn the_prefix_stands_in_place_of_axum() {
    let named = |builder: MetricsLayerBuilder| builder.naming(Naming::AxumPrometheus);
    let layer = TestLayer::new(named(builder()).prefix("shop"));
    get_with(&layer, 200).await;
    let names = lines(&layer, "# TYPE").await;
    let names: Vec<_> = names
        .iter()
        .map(|line| line.split(' ').nth(2).unwrap())
        .collect();
    let expected = [
        "shop_http_requests_total",
        "shop_http_errors_total",
        "shop_http_requests_cancelled_total",
        "shop_http_requests_duration_seconds",
        "shop_http_requests_pending",
        "shop_http_overflowed_requests_total",
        "shop_http_label_sets",
    ];
    assert_eq!(names, expected);

    let error = builder().prefix("shop").pair().unwrap_err();
    assert_eq!(error, BuildError::UnusedPrefix);
    let error = named(builder()).prefix("my shop").pair().unwrap_err();
    assert!(error.to_string().contains("\"my shop\""), "{error}");
}

#[test]
fn the_options_go_through_a_foreign_registry() {
    let mut registry = Registry::default();
    let builder = builder()
        .without(RedFamily::InFlight)
        .duration_status(DurationStatus::Class)
        .buckets_for(["/report"], Buckets::custom([30.0]).unwrap())
        .http_version();
    let layer = TestLayer::register(builder, &mut registry);
    layer.respond(to("GET", "/report"), http::Response::new(String::new()));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        r#"http_requests_total{method="GET",route="/report",status="200",http_version="1.1"} 1"#,
        r#"http_request_duration_seconds_bucket{le="30.0",method="GET",route="/report",status="2xx",http_version="1.1"} 1"#,
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    assert!(
        !text.contains("in_flight") && !text.contains("le=\"0.1\""),
        "{text}"
    );
}

/// The environment is read once, by a process of its own that runs this test again.
#[test]
fn under_the_names_of_opentelemetry_the_environment_lists_the_methods() {
    const VARIABLE: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
    let Ok(listed) = std::env::var(VARIABLE) else {
        for listed in ["GET, PROPFIND", "get", ""] {
            let name =
                "options::under_the_names_of_opentelemetry_the_environment_lists_the_methods";
            let again = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name])
                .env(VARIABLE, listed)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&again.stdout);
            assert!(
                again.status.success() && said.contains("1 passed"),
                "{said}"
            );
        }
        return;
    };
    let named = || builder().naming(Naming::OpenTelemetry);
    let methods = |builder: MetricsLayerBuilder| {
        let layer = TestLayer::new(builder);
        for method in ["GET", "PROPFIND", "POST"] {
            layer.respond(to(method, "/"), http::Response::new(String::new()));
        }
        let text = layer.exposition.render().unwrap();
        let shown = ["GET", "PROPFIND", "POST", "_OTHER"].into_iter();
        let shown = shown.filter(|name| text.contains(&format!("http_request_method=\"{name}\"")));
        shown.collect::<Vec<_>>()
    };
    let standard = ["GET", "POST", "_OTHER"];
    match listed.as_str() {
        "get" => {
            let error = named().pair().unwrap_err().to_string();
            assert!(
                error.contains("write \"GET\"") && error.contains(VARIABLE),
                "{error}"
            );
        }
        "" => assert_eq!(methods(named()), standard),
        _ => {
            assert_eq!(methods(named()), ["GET", "PROPFIND", "_OTHER"]);
            assert_eq!(methods(named().methods(["POST"])), ["POST", "_OTHER"]);
            assert_eq!(methods(builder()), [""; 0]);
        }
    }
}
