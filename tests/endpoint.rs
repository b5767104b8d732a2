//! How the endpoint answers, whoever asks and however: compressed or not, many at once, slow or gone, and
//! with collectors that fail.

mod support;

use axum::Router;
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{convert::Infallible, iter, net::SocketAddr};
use support::{http1, request, serve, text};
use tower::{Layer, ServiceExt, service_fn};
use tower_red::{Exposition, ExpositionBody, MetricsLayer, RouteTemplate};

const CLASSIC: &str = "text/plain";
const OPEN_METRICS: &str = "application/openmetrics-text";

/// An endpoint on a socket.
async fn served(exposition: Exposition) -> SocketAddr {
    serve(Router::new().route_service("/metrics", exposition)).await
}

/// A layer that has seen one request on each of that many routes, and a registry beside it.
async fn exposition(routes: usize) -> Exposition {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let (layer, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let mut service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    for n in 0..routes {
        let template = Box::leak(format!("/route/{n:04}/{{id}}").into_boxed_str());
        let request = Request::builder().extension(RouteTemplate::new(template));
        let service = tower::ServiceExt::<Request<()>>::ready(&mut service)
            .await
            .unwrap();
        tower::Service::call(service, request.body(()).unwrap())
            .await
            .unwrap();
    }
    exposition
}

/// What an endpoint answers in process.
async fn answer(exposition: &Exposition, headers: &[(&str, &str)]) -> Response<ExpositionBody> {
    let mut request = Request::new(());
    for (name, value) in headers {
        let name: header::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    exposition.clone().oneshot(request).await.unwrap()
}

const CODINGS: &[&str] = &[
    "identity",
    #[cfg(feature = "gzip")]
    "gzip",
    #[cfg(feature = "zstd")]
    "zstd",
];

fn decode(coding: &str, bytes: &[u8]) -> String {
    match coding {
        "identity" => String::from_utf8(bytes.into()).unwrap(),
        #[cfg(feature = "gzip")]
        "gzip" => std::io::read_to_string(flate2::read::GzDecoder::new(bytes)).unwrap(),
        #[cfg(feature = "zstd")]
        "zstd" => String::from_utf8(zstd::stream::decode_all(bytes).unwrap()).unwrap(),
        coding => panic!("{coding}"),
    }
}

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
