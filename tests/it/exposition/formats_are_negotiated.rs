//! Who asks for a format gets it, by GET and HEAD alone.

use super::small_buckets;
use crate::support::{TestLayer, http1, request, served, text};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use tower_red::MetricsLayer;

#[tokio::test]
async fn the_format_is_negotiated_and_has_its_exact_content_type() {
    const CLASSIC_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let (driven, exposition) = TestLayer::pair(small_buckets());
    driven.drive_all().await;
    let mut sender = http1(served(exposition.clone()).await).await;
    let cases: [(&[&[u8]], &str); 9] = [
        (&[], CLASSIC_TYPE),
        (&[b"*/*"], CLASSIC_TYPE),
        (&[b"text/html, application/json"], CLASSIC_TYPE),
        (&[b"application/openmetrics-text;q=0"], CLASSIC_TYPE),
        (&[b"application/openmetrics-text\xff"], CLASSIC_TYPE),
        (&[b"application/openmetrics-text"], OPEN_METRICS_TYPE),
        (
            &[b"text/plain;q=0.3", b"application/openmetrics-text;version=1.0.0;q=0.4"],
            OPEN_METRICS_TYPE,
        ),
        (
            &[b"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9"],
            CLASSIC_TYPE,
        ),
        (
            &[b"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"],
            OPEN_METRICS_TYPE,
        ),
    ];
    for (accept, content_type) in cases {
        for method in ["GET", "HEAD"] {
            let mut request = request(method, "/metrics");
            for value in accept {
                let value = http::HeaderValue::from_bytes(value).unwrap();
                request.headers_mut().append(header::ACCEPT, value);
            }
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            let (head, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            assert_eq!(head.status, StatusCode::OK);
            assert_eq!(head.headers["content-type"], content_type, "{accept:?}");
            assert_eq!(head.headers["vary"], "accept");
            let dialect = content_type.split_once(';').unwrap().0;
            let whole = text(&exposition, dialect).await;
            assert!(!head.headers.contains_key("content-length"));
            let expected = if method == "GET" {
                whole
            } else {
                String::new()
            };
            assert_eq!(body, expected);
        }
    }
}

#[tokio::test]
async fn methods_but_get_and_head_are_not_allowed() {
    let (_, exposition) = MetricsLayer::pair();
    let address = served(exposition).await;
    let mut sender = http1(address).await;
    for method in [
        "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY", "BREW", "get",
    ] {
        sender.ready().await.unwrap();
        let response = sender
            .send_request(request(method, "/metrics"))
            .await
            .unwrap();
        assert_eq!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{method}"
        );
        assert_eq!(response.headers()["allow"], "GET, HEAD", "{method}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "metrics are read with GET or HEAD\n");
    }
}
