//! Compressed or not, and whatever a client says it takes, a scrape is whole.

use super::{ENCODINGS, answer, decode, exposition, served_compressed};
use crate::support::{CLASSIC, OPEN_METRICS, http1, request, served, text};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body::Body;
use http_body_util::BodyExt;
use prometheus_client::registry::Registry;
use tower::ServiceExt;
use tower_red::Exposition;

#[tokio::test]
async fn in_every_encoding_a_scrape_is_whole_and_head_says_the_same() {
    for routes in [0, 1, 500] {
        let exposition = exposition(routes).await;
        let mut sender = http1(served_compressed(exposition.clone()).await).await;
        for (encoding, dialect) in ENCODINGS
            .iter()
            .flat_map(|encoding| [(*encoding, CLASSIC), (*encoding, OPEN_METRICS)])
        {
            let expected = text(&exposition, dialect).await;
            let mut heads = Vec::new();
            for method in ["HEAD", "GET"] {
                let mut request = request(method, "/metrics");
                let headers = request.headers_mut();
                headers.insert("accept", HeaderValue::from_static(dialect));
                headers.insert("accept-encoding", HeaderValue::from_static(encoding));
                sender.ready().await.unwrap();
                let response = sender.send_request(request).await.unwrap();
                let (head, body) = response.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                assert_eq!(head.status, StatusCode::OK);
                if method == "GET" {
                    let name = head.headers.get("content-encoding");
                    let name = name.map_or("identity", |name| name.to_str().unwrap());
                    assert_eq!(name, encoding);
                    assert!(
                        decode(name, &body).await == expected,
                        "{encoding} {dialect}"
                    );
                    let small = encoding == "identity" || body.len() * 10 < expected.len();
                    assert!(routes < 500 || small, "{}", body.len());
                } else {
                    assert!(body.is_empty());
                }
                let mut headers = head.headers;
                for name in ["date", "transfer-encoding", "content-encoding"] {
                    headers.remove(name);
                }
                heads.push(headers);
            }
            assert!(!heads[1].contains_key("content-length"));
            assert_eq!(heads[0]["content-type"], heads[1]["content-type"]);
        }
    }
}

#[tokio::test]
async fn in_process_head_has_the_same_headers_and_no_body() {
    let exposition = exposition(1).await;
    let headers = |method| {
        let request = Request::builder().method(method).body(()).unwrap();
        let response = exposition.clone().oneshot(request);
        async { response.await.unwrap() }
    };
    let (get, head) = (headers(Method::GET).await, headers(Method::HEAD).await);
    assert_eq!(get.headers(), head.headers());
    assert!(head.body().is_end_stream());
    assert!(!get.body().is_end_stream());
    assert_eq!(get.body().size_hint().exact(), None);
}

#[tokio::test]
async fn vary_names_what_is_looked_at() {
    let exposition = Exposition::new(Registry::default());
    for encoding in ENCODINGS {
        let response = answer(&exposition, &[("accept-encoding", encoding)]).await;
        assert_eq!(response.headers()["vary"], "accept");
        assert!(!response.headers().contains_key("content-encoding"));
    }
}

#[tokio::test]
async fn whatever_is_in_the_accept_headers_there_is_an_answer_that_fits_the_rest_of_them() {
    let exposition = exposition(1).await;
    let mut sender = http1(served(exposition.clone()).await).await;
    let long = "a".repeat(100_000);
    let quoted = format!("\"{}", "\\\"".repeat(50_000));
    let many = |element: &str| vec![element; 1_000].join(",");
    let garbage: [&[u8]; 14] = [
        b"",
        b",",
        b";;;===,,,\"\"\"",
        b"q=1",
        b"*",
        b"*/*/*",
        b"\xff\xfe\xfd",
        b"text/plain;q=1e999999999999, gzip;q=1e999999999999",
        b"text/plain;version=\"0.0.4, gzip;q=\"1",
        long.as_bytes(),
        quoted.as_bytes(),
        &many("application/json;q=0.999, br;q=0.999").into_bytes(),
        &many("application/openmetrics-text;q=2, gzip;q=2").into_bytes(),
        &many("\t;\t,").into_bytes(),
    ];
    for value in garbage {
        for dialect in [CLASSIC, OPEN_METRICS] {
            let mut request = request("GET", "/metrics");
            let headers = request.headers_mut();
            headers.append(header::ACCEPT, HeaderValue::from_bytes(value).unwrap());
            headers.append(header::ACCEPT, HeaderValue::from_static(dialect));
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let expected = text(&exposition, dialect).await;
            assert!(body == expected);
        }
    }
}
