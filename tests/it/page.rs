//! The page: one service on one path, whose answers let a browser do nothing but show numbers.
//!
//! What a browser makes of it is checked by `tests/page/check.py`.

use crate::support::{Ending, TestLayer, two_buckets};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tower::{Service, ServiceExt};
use tower_red::{Exposition, ExpositionBody, MetricsLayer, Naming, Operation, Page, ScrapeError};

async fn ask(page: &Page, method: Method, target: &str) -> Response<ExpositionBody> {
    let request = Request::builder().method(method).uri(target).body(());
    page.clone().oneshot(request.unwrap()).await.unwrap()
}

async fn text(response: Response<ExpositionBody>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

async fn get(page: &Page, target: &str) -> String {
    text(ask(page, Method::GET, target).await).await
}

/// The data, without what says which process it is.
async fn data(page: &Page) -> String {
    let data = get(page, "/red?data").await;
    let (before, after) = data.split_once(r#""started":"#).unwrap();
    let end = after.find(',').unwrap();
    let started: u64 = after[..end].parse().unwrap();
    // The beginning of 2024.
    assert!(started > 1_704_067_200_000, "{started}");
    format!("{before}{}", &after[end + 1..])
}

const PARTS: [(&str, &str, &str); 4] = [
    ("", "text/html; charset=utf-8", "<!doctype html>"),
    ("?script", "text/javascript; charset=utf-8", "'use strict';"),
    ("?style", "text/css; charset=utf-8", ":root {"),
    ("?icon", "image/svg+xml", "<svg"),
];

#[tokio::test]
async fn document_script_style_and_icon_are_answers_of_one_path_whatever_it_is() {
    let (_layer, exposition) = MetricsLayer::pair();
    let page = exposition.page();
    for path in ["/", "/red", "/deep/er/"] {
        for (query, content_type, start) in PARTS {
            let response = ask(&page, Method::GET, &format!("{path}{query}")).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], content_type);
            assert_eq!(response.headers()["cache-control"], "private, no-cache");
            let length = response.headers()["content-length"]
                .to_str()
                .unwrap()
                .to_owned();
            let text = text(response).await;
            assert!(text.starts_with(start), "{text}");
            assert_eq!(length, text.len().to_string());
        }
    }
    // Another query may be somebody else's.
    assert_eq!(get(&page, "/red?from=mail").await, get(&page, "/red").await);
}

#[tokio::test]
async fn all_of_it_is_at_most_40_kib() {
    let page = MetricsLayer::pair().1.page();
    let mut sum = 0;
    for (query, _, _) in PARTS {
        sum += get(&page, &format!("/{query}")).await.len();
    }
    assert!(sum <= 40 * 1024, "{sum}");
}

#[tokio::test]
async fn no_answer_lets_a_browser_run_load_or_frame_anything_else() {
    let page = MetricsLayer::pair().1.page();
    let off = Exposition::disabled().page();
    let answers = [
        ask(&page, Method::GET, "/red").await,
        ask(&page, Method::HEAD, "/red").await,
        ask(&page, Method::GET, "/red?script").await,
        ask(&page, Method::GET, "/red?data").await,
        ask(&page, Method::POST, "/red").await,
        ask(&off, Method::GET, "/red").await,
    ];
    for response in answers {
        let headers = response.headers();
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    }
    let document = get(&page, "/red").await;
    for inline in [
        " style=",
        "<style",
        " onclick=",
        "http://",
        "https://",
        "//",
    ] {
        assert!(!document.contains(inline), "{inline}");
    }
    let mut references = document.split('"').filter(|part| part.starts_with('?'));
    let known = PARTS.map(|(query, ..)| query);
    assert!(references.all(|query| known.contains(&query)));
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let page = MetricsLayer::pair().1.page();
    for target in ["/red", "/red?script", "/red?data"] {
        let get = ask(&page, Method::GET, target).await;
        let head = ask(&page, Method::HEAD, target).await;
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers(), get.headers());
        assert_eq!(text(head).await, "");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let page = MetricsLayer::pair().1.page();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response = ask(&page, method, "/red?data").await;
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
        assert_eq!(text(response).await, "the page is read with GET or HEAD\n");
    }
}

#[tokio::test]
async fn a_disabled_exposition_has_a_page_that_answers_503() {
    let (_layer, exposition) = MetricsLayer::builder().enabled(false).pair().unwrap();
    let page = exposition.page();
    for target in ["/red", "/red?script", "/red?data"] {
        let response = ask(&page, Method::GET, target).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(text(response).await, "metrics are disabled\n");
        let response = ask(&page, Method::HEAD, target).await;
        assert_eq!(response.status(), 503);
    }
    assert_eq!(ask(&page, Method::POST, "/red").await.status(), 405);
}

#[tokio::test]
async fn what_a_scrape_refuses_the_data_refuses_too() {
    let mut registry = Registry::default();
    for _ in 0..2 {
        registry.register("jobs", "Jobs", Counter::<u64>::default());
    }
    let page = Exposition::new(registry).page();
    let response = ask(&page, Method::GET, "/red?data").await;
    assert_eq!(response.status(), 500);
    assert!(response.extensions().get::<ScrapeError>().is_some());
    assert!(text(response).await.contains("jobs"));
    assert_eq!(ask(&page, Method::GET, "/red").await.status(), 200);
}

#[tokio::test]
async fn the_data_is_what_a_scrape_shows_and_says_what_it_means() {
    let layer = TestLayer::new(
        MetricsLayer::builder()
            .buckets(two_buckets())
            .namespace("shop")
            .constant_label("zone", "\"a\""),
    );
    let page = layer.exposition.page();
    for (status, millis) in [(200, 300), (503, 3_000)] {
        let times = (Duration::from_millis(millis), Duration::ZERO);
        layer
            .send(Request::new(()), times, Ending::Answer(status))
            .await;
    }
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        r#"{"version":"VERSION","seconds":3.3,"families":["#,
        r#"{"name":"shop_http_requests","type":"counter","group":"shop_http","kind":"server","shows":"requests","labels":{"method":"method","route":"route","status":"status","code":"grpc_status"},"series":["#,
        r#"0,"zone=\"\\\"a\\\"\",method=\"GET\",route=\"_unmatched\",status=\"200\"",1,"#,
        r#"53,"503\"",1]},"#,
        r#"{"name":"shop_http_errors","type":"counter","group":"shop_http","kind":"server","shows":"errors","labels":{"method":"method","route":"route","reason":"error"},"series":["#,
        r#"0,"zone=\"\\\"a\\\"\",method=\"GET\",route=\"_unmatched\",error=\"503\"",1]},"#,
        r#"{"name":"shop_http_requests_cancelled","type":"counter","group":"shop_http","kind":"server","shows":"cancelled","labels":{"method":"method","route":"route","reason":"phase"},"series":[]},"#,
        r#"{"name":"shop_http_request_duration_seconds","type":"histogram","group":"shop_http","kind":"server","shows":"durations","labels":{"method":"method","route":"route","status":"status","code":"grpc_status"},"series":["#,
        r#"[0.1,1.0],"#,
        r#"0,"zone=\"\\\"a\\\"\",method=\"GET\",route=\"_unmatched\",status=\"200\"",[0,1],"#,
        r#"53,"503\"",[0,0,1]]},"#,
        r#"{"name":"shop_http_requests_in_flight","type":"gauge","group":"shop_http","kind":"server","shows":"in_flight","labels":{"method":"method","route":"route"},"series":["#,
        r#"0,"zone=\"\\\"a\\\"\",method=\"GET\",route=\"_unmatched\"",0]},"#,
        r#"{"name":"shop_http_overflowed_requests","type":"counter","group":"shop_http","kind":"server","shows":"overflowed","labels":{},"series":["#,
        r#"0,"zone=\"\\\"a\\\"\"",0]},"#,
        r#"{"name":"shop_http_label_sets","type":"gauge","group":"shop_http","kind":"server","shows":"label_sets","labels":{},"budgets":[["zone=\"\\\"a\\\"\"",4000]],"series":["#,
        r#"0,"zone=\"\\\"a\\\"\"",2]}]}"#,
    ];
    assert_eq!(
        data(&page).await,
        expected.concat().replace("VERSION", version)
    );
    let response = ask(&page, Method::GET, "/red?data").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

/// By group: of which kind it is, and its families with what they show.
async fn groups(page: &Page) -> Vec<(String, String, Vec<(String, String)>)> {
    let data: serde_json::Value = serde_json::from_str(&get(page, "/?data").await).unwrap();
    let mut groups: Vec<(String, String, Vec<_>)> = Vec::new();
    for family in data["families"].as_array().unwrap() {
        let of = |member: &str| family[member].as_str().unwrap().to_owned();
        let entry = (of("name"), of("shows"));
        match groups
            .iter_mut()
            .find(|(group, _, _)| *group == of("group"))
        {
            Some((_, _, families)) => families.push(entry),
            None => groups.push((of("group"), of("kind"), vec![entry])),
        }
    }
    groups
}

fn shown(families: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = families
        .iter()
        .map(|(name, shows)| (String::from(*name), String::from(*shows)));
    owned.collect()
}

#[tokio::test]
async fn conventions_and_layers_are_groups_of_their_own() {
    let (_outer, exposition) = MetricsLayer::builder()
        .naming(Naming::OpenTelemetry)
        .pair()
        .unwrap();
    let client = MetricsLayer::builder().client().expose_on(&exposition);
    let _client = client.unwrap();
    let expected = [
        (
            String::from("http_server"),
            String::from("server"),
            shown(&[
                ("http_server_request_duration_seconds", "durations"),
                ("rpc_server_call_duration_seconds", "durations"),
                ("http_server_active_requests", "in_flight"),
                ("http_server_overflowed_requests", "overflowed"),
                ("http_server_label_sets", "label_sets"),
            ]),
        ),
        (
            String::from("http_client"),
            String::from("client"),
            shown(&[
                ("http_client_requests", "requests"),
                ("http_client_errors", "errors"),
                ("http_client_requests_cancelled", "cancelled"),
                ("http_client_request_duration_seconds", "durations"),
                ("http_client_requests_in_flight", "in_flight"),
                ("http_client_overflowed_requests", "overflowed"),
                ("http_client_label_sets", "label_sets"),
            ]),
        ),
    ];
    assert_eq!(groups(&exposition.page()).await, expected);
}

#[tokio::test]
async fn operations_process_and_runtime_are_told_by_their_names_and_other_metrics_are_left_out() {
    let mut registry = Registry::default();
    for name in [
        "query",
        "query_errors",
        "query_cancelled",
        "process_cpu_seconds",
        "jobs",
    ] {
        registry.register(name, "It", Counter::<u64>::default());
    }
    for name in ["query_active", "tokio_num_workers", "other_active"] {
        registry.register(name, "It", Gauge::<i64>::default());
    }
    for name in ["query_duration", "other_duration"] {
        registry.register_with_unit(name, "It", Unit::Seconds, Histogram::new([f64::NAN, 1.0]));
    }
    let page = Exposition::new(registry).page();
    let expected = [
        (
            String::from("query"),
            String::from("operation"),
            shown(&[
                ("query", "requests"),
                ("query_errors", "errors"),
                ("query_cancelled", "cancelled"),
                ("query_active", "in_flight"),
                ("query_duration_seconds", "durations"),
            ]),
        ),
        (
            String::from("process"),
            String::from("process"),
            shown(&[("process_cpu_seconds", "value")]),
        ),
        (
            String::from("runtime"),
            String::from("runtime"),
            shown(&[("tokio_num_workers", "value")]),
        ),
    ];
    assert_eq!(groups(&page).await, expected);
}

#[tokio::test]
async fn an_operation_is_a_group_with_all_of_its_families() {
    let exposition = Exposition::new(Registry::default());
    let operation = Operation::builder("db_query").labels(["table"]);
    let queries = operation.expose_on(&exposition).unwrap();
    let failed: Result<(), &str> = Err("gone");
    assert!(queries.with(["users"]).run(async { failed }).await.is_err());
    let page = exposition.page();
    let expected = [(
        String::from("db_query"),
        String::from("operation"),
        shown(&[
            ("db_query", "requests"),
            ("db_query_errors", "errors"),
            ("db_query_cancelled", "cancelled"),
            ("db_query_duration_seconds", "durations"),
            ("db_query_active", "in_flight"),
        ]),
    )];
    assert_eq!(groups(&page).await, expected);
    let errors =
        r#""shows":"errors","labels":{"reason":"error"},"series":[0,"table=\"users\",error="#;
    assert!(get(&page, "/?data").await.contains(errors));
}

#[tokio::test]
async fn nothing_to_show_is_valid_data() {
    let page = Exposition::new(Registry::default()).page();
    let data: serde_json::Value = serde_json::from_str(&get(&page, "/?data").await).unwrap();
    assert_eq!(data["families"], serde_json::json!([]));
}

#[tokio::test]
async fn looking_at_it_is_no_scrape_and_no_request() {
    let (_layer, exposition) = MetricsLayer::pair();
    let exposition = exposition.instrumented();
    let page = exposition.page();
    let before = exposition.render().unwrap();
    for target in ["/red", "/red?data", "/red?data"] {
        get(&page, target).await;
    }
    assert_eq!(exposition.render().unwrap(), before);
}

#[test]
fn an_answer_is_prepared_in_its_turn_and_in_stretches() {
    let (_layer, exposition) = MetricsLayer::pair();
    let mut page = exposition.page();
    let mut endpoint = exposition;
    let mut cx = Context::from_waker(Waker::noop());
    let mut scrape = pin!(endpoint.call(Request::new(())));
    assert!(scrape.as_mut().poll(&mut cx).is_pending());
    let mut first = pin!(page.call(Request::get("/?data").body(()).unwrap()));
    for _ in 0..10 {
        assert!(first.as_mut().poll(&mut cx).is_pending());
    }
    while scrape.as_mut().poll(&mut cx).is_pending() {}
    let mut stretches = 0;
    while first.as_mut().poll(&mut cx).is_pending() {
        stretches += 1;
    }
    assert!(stretches > 0);
    // The document waits for nothing.
    let mut other = pin!(page.call(Request::new(())));
    assert!(matches!(other.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
}
