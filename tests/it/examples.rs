//! The examples do what they say.

use crate::support::{Scrape, example::Example, http1, request};
use http_body_util::BodyExt;

#[tokio::test]
async fn the_hyper_example_names_its_paths_by_the_declared_templates() {
    let mut example = Example::start("hyper", &[], &[]);
    let mut client = http1(example.address("listening on http://")).await;
    let mut send = async |method: &str, path: &str| {
        client.ready().await.unwrap();
        let response = client.send_request(request(method, path)).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status.as_u16(), String::from_utf8(body.into()).unwrap())
    };
    assert_eq!(send("GET", "/users/7").await, (200, "user 7\n".into()));
    assert_eq!(send("GET", "/users/8").await.0, 200);
    assert_eq!(send("POST", "/orders").await.0, 201);
    assert_eq!(send("GET", "/wp-login.php").await.0, 404);
    let (status, text) = send("GET", "/metrics").await;
    assert_eq!(status, 200);
    let scrape = Scrape::parse(&text);
    for (labels, count) in [
        (r#"method="GET",route="/users/{id}",status="200""#, 2.0),
        (r#"method="POST",route="/orders",status="201""#, 1.0),
        (r#"method="GET",route="_unmatched",status="404""#, 1.0),
    ] {
        let series = format!("http_requests_total{{{labels}}}");
        assert_eq!(scrape.get(&series), count, "{series}");
    }
    assert_eq!(scrape.sum("http_requests_total"), 4.0);
}

#[cfg(all(feature = "axum", feature = "process", feature = "tokio"))]
#[tokio::test]
async fn the_process_example_shows_the_process_the_runtime_and_the_build() {
    let mut example = Example::start("process", &[], &[]);
    let mut client = http1(example.address("listening on http://")).await;
    let response = client.send_request(request("GET", "/metrics")).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    let text = String::from_utf8(body.to_bytes().into()).unwrap();
    let scrape = Scrape::parse(&text);
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("shop_build_info{{version=\"{version}\",revision=\"unknown\"}}");
    assert_eq!(scrape.get(&build), 1.0);
    assert!(scrape.get("tokio_workers") >= 1.0);
    let threads = scrape.get("process_threads");
    assert_eq!(threads >= 1.0, cfg!(target_os = "linux"), "{threads}");
}

#[test]
fn the_client_example_shows_what_came_of_its_calls() {
    let mut example = Example::start("client", &[], &[]);
    let status = example.process.wait().unwrap();
    assert!(status.success(), "{}", example.complaint());
    let text = example.said();
    let scrape: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("http_client_"))
        .collect();
    let scrape = Scrape::parse(&scrape.join("\n"));
    for (name, sum) in [
        ("requests_total", 5.0),
        ("errors_total", 3.0),
        ("requests_cancelled_total", 1.0),
        ("requests_in_flight", 0.0),
    ] {
        assert_eq!(scrape.sum(&format!("http_client_{name}")), sum, "{name}");
    }
    let refused = r#"{method="GET",route="/stock/{item}",peer="localhost:9",error="service"}"#;
    assert_eq!(
        scrape.get(&format!("http_client_errors_total{refused}")),
        1.0
    );
}
