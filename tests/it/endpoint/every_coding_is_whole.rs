//! Compressed or not, and whatever a client says it takes, a scrape is whole.

use super::{CODINGS, answer, decode, exposition};
use crate::support::{CLASSIC, OPEN_METRICS, http1, request, served, text};
use futures_util::FutureExt;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::iter;
use tower::ServiceExt;
use tower_red::Exposition;

#[tokio::test]
async fn in_every_coding_a_scrape_is_whole_and_knows_its_length_and_head_says_the_same() {
    for routes in [0, 1, 500] {
        let exposition = exposition(routes).await;
        let mut sender = http1(served(exposition.clone()).await).await;
        for (coding, dialect) in CODINGS
            .iter()
            .flat_map(|coding| [(*coding, CLASSIC), (*coding, OPEN_METRICS)])
        {
            let expected = text(&exposition, dialect).await;
            let mut heads = Vec::new();
            for method in ["HEAD", "GET"] {
                let mut request = request(method, "/metrics");
                let headers = request.headers_mut();
                headers.insert("accept", HeaderValue::from_static(dialect));
                headers.insert("accept-encoding", HeaderValue::from_static(coding));
                sender.ready().await.unwrap();
                let response = sender.send_request(request).await.unwrap();
                let (head, body) = response.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                assert_eq!(head.status, StatusCode::OK);
                let encoding = head.headers.get("content-encoding");
                let name = encoding.map_or("identity", |name| name.to_str().unwrap());
                assert_eq!(name, coding);
                if method == "GET" {
                    assert_eq!(head.headers["content-length"], body.len().to_string());
                    assert!(decode(coding, &body) == expected, "{coding} {dialect}");
                    let small = coding == "identity" || body.len() * 10 < expected.len();
                    assert!(routes < 500 || small, "{}", body.len());
                } else {
                    assert!(body.is_empty());
                }
                let mut headers = head.headers;
                headers.remove("date");
                heads.push(headers);
            }
            assert_eq!(heads[0], heads[1]);
        }
    }
}

#[tokio::test]
async fn vary_names_what_is_looked_at() {
    let vary = match CODINGS.len() {
        1 => "accept",
        _ => "accept, accept-encoding",
    };
    for coding in CODINGS {
        let response = answer(
            &Exposition::new(Registry::default()),
            &[("accept-encoding", coding)],
        )
        .await;
        assert_eq!(response.headers()["vary"], vary);
    }
}

/// How often a scrape lets others go on.
fn turns(exposition: &Exposition, coding: &str) -> usize {
    let request = Request::get("/").header("accept-encoding", coding).body(());
    let mut scrape = exposition.clone().oneshot(request.unwrap());
    iter::repeat_with(|| (&mut scrape).now_or_never())
        .take_while(Option::is_none)
        .count()
}

#[tokio::test]
async fn compression_is_in_pieces_between_which_others_get_their_turn() {
    let mut registry = Registry::default();
    for n in 0..10_000 {
        registry.register(format!("jobs_{n}"), "Jobs", Counter::<u64>::default());
    }
    for exposition in [exposition(2_000).await, Exposition::new(registry)] {
        let pieces = text(&exposition, CLASSIC).await.len() / (64 * 1024);
        assert!(pieces > 10);
        for coding in CODINGS.iter().filter(|coding| **coding != "identity") {
            assert!(turns(&exposition, coding) >= pieces, "{coding}");
        }
    }
}

#[tokio::test]
async fn a_registry_alone_is_compressed_too_even_if_it_is_empty() {
    for coding in CODINGS {
        let mut registry = Registry::default();
        registry.register("jobs", "Jobs done", Counter::<u64>::default());
        for registry in [Registry::default(), registry] {
            let exposition = Exposition::new(registry);
            let response = answer(&exposition, &[("accept-encoding", coding)]).await;
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(decode(coding, &body), text(&exposition, CLASSIC).await);
        }
    }
}

#[tokio::test]
async fn what_is_not_asked_for_or_refused_is_not_compressed() {
    let exposition = exposition(1).await;
    let expected = text(&exposition, CLASSIC).await;
    for accept in ["", "br", "gzip;q=0, zstd;q=0", "identity;q=0", "*;q=0"] {
        let response = answer(&exposition, &[("accept-encoding", accept)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            !response.headers().contains_key("content-encoding"),
            "{accept}"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected);
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
    let last = CODINGS[CODINGS.len() - 1];
    for value in garbage {
        for (dialect, coding) in [(CLASSIC, "identity"), (OPEN_METRICS, last)] {
            let mut request = request("GET", "/metrics");
            let headers = request.headers_mut();
            for (name, good) in [(header::ACCEPT, dialect), (header::ACCEPT_ENCODING, coding)] {
                headers.append(&name, HeaderValue::from_bytes(value).unwrap());
                headers.append(&name, HeaderValue::from_static(good));
            }
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            // All codings are as good as another for who takes any.
            let encoding = response.headers().get("content-encoding").cloned();
            let encoding =
                encoding.map_or("identity".into(), |name| name.to_str().unwrap().to_owned());
            assert!(
                encoding == coding || value == b"*",
                "{encoding} for {coding}"
            );
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let expected = text(&exposition, dialect).await;
            assert!(decode(&encoding, &body) == expected);
        }
    }
}
