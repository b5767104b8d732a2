//! No series is there twice, whatever is configured and whatever comes: Prometheus would drop the second one
//! silently.

use crate::support::{Scrape, random::Random, text};
use futures_util::FutureExt;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use std::collections::BTreeSet;
use tower::{Layer, Service, service_fn};
use tower_red::{
    Exposition, MetricsLayer, MetricsLayerBuilder, Naming, Peer, RouteTemplate, TraceId,
};

const NAMINGS: [Naming; 3] = [
    Naming::Prometheus,
    Naming::OpenTelemetry,
    Naming::AxumPrometheus,
];
/// Also those that look like what stands for something else.
const TEMPLATES: [&str; 12] = [
    "",
    "/",
    "/a",
    "a",
    "//a",
    "/users/{id}",
    "users/{id}",
    "_unmatched",
    "_overflow",
    "_OTHER",
    "/_OTHER",
    "/\"a\"\\\n",
];
const PEERS: [&[&str]; 6] = [
    &["_OTHER"],
    &["_OTHER", "billing"],
    &["billing", "billing:8080"],
    &["billing:8080", "me@billing:8080", "you@billing:8080"],
    &["the bank", "a bank", "no host/at all"],
    &["billing", "users"],
];
const AUTHORITIES: [&str; 5] = [
    "billing",
    "billing:8080",
    "me@billing:8080",
    "users:1",
    "evil",
];

fn builder(random: &mut Random, naming: Naming) -> MetricsLayerBuilder {
    let builder = MetricsLayer::builder().naming(naming);
    let builder = match random.below(3) {
        0 => builder.max_label_sets(1 + random.below(12)),
        1 => builder.constant_label("zone", "a\"b"),
        _ => builder.exemplar(|_| TraceId::from_bytes([7; 16])),
    };
    if random.below(2) == 0 {
        return builder.grpc_service("pkg.Svc").routes(["/pkg.Svc/Proven"]);
    }
    let builder = builder.client();
    match random.below(4) {
        0 => builder,
        _ => builder.peers(random.one_of(&PEERS).iter().copied()),
    }
}

type Body = Full<bytes::Bytes>;

fn request(random: &mut Random) -> Request<Body> {
    let authority = random.one_of(&AUTHORITIES);
    let is_grpc = random.below(2) == 0;
    let path = random.one_of(&["/", "/a", "/pkg.Svc/Proven", "/pkg.Svc/Method", "/x.Y/Z"]);
    let mut request = Request::builder()
        .uri(format!("http://{authority}{path}"))
        .method(if is_grpc {
            "POST"
        } else {
            random.one_of(&["GET", "POST", "BREW"])
        })
        .version(random.one_of(&[Version::HTTP_10, Version::HTTP_11, Version::HTTP_2]));
    if is_grpc {
        request = request.header("content-type", "application/grpc");
    }
    if random.below(8) == 0 {
        request = request.header("grpc-timeout", "0n");
    }
    if random.below(4) > 0 {
        request = request.extension(RouteTemplate::new(random.one_of(&TEMPLATES)));
    }
    if random.below(3) == 0 {
        let peers: Vec<&'static str> = PEERS.concat();
        request = request.extension(Peer::new(random.one_of(&peers)));
    }
    request.body(Body::default()).unwrap()
}

fn response(random: &mut Random) -> Response<Body> {
    let mut response = Response::builder()
        .status(random.one_of(&[200, 204, 404, 503, 600, 999]))
        .version(random.one_of(&[Version::HTTP_11, Version::HTTP_2]));
    if random.below(2) == 0 {
        response = response.header("content-type", "application/grpc");
    }
    if random.below(2) == 0 {
        let code = random.one_of(&["0", "1", "4", "5", "12", "13", "99", "x"]);
        response = response.header("grpc-status", code);
    }
    if random.below(4) == 0 {
        response = response.extension(RouteTemplate::new(random.one_of(&TEMPLATES)));
    }
    response.body(Body::from("data")).unwrap()
}

/// A request that ends in one of the ways that there are.
fn drive(random: &mut Random, layer: &MetricsLayer) {
    let (ending, answer) = (random.below(5), response(random));
    let mut service = layer.layer(service_fn(move |_: Request<Body>| {
        let answer = answer.clone();
        async move {
            match ending {
                0 => Err("failed"),
                _ => Ok(answer),
            }
        }
    }));
    let future = service.call(request(random));
    if ending == 1 {
        return;
    }
    if let Some(Ok(response)) = future.now_or_never() {
        let mut body = response.into_body();
        // Else it is dropped before its end.
        while ending > 2 && matches!(body.frame().now_or_never(), Some(Some(_))) {}
    }
}

/// The name and the labels of every sample, in one order and without those that are empty: to Prometheus, they are
/// not there.
fn series(text: &str) -> Vec<(String, BTreeSet<String>)> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let series = samples.map(|line| {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap();
        let labels = labels
            .split_inclusive("\",")
            .map(|label| label.trim_end_matches(','));
        let labels = labels.filter(|label| !label.is_empty() && !label.ends_with("=\"\""));
        (name.to_owned(), labels.map(str::to_owned).collect())
    });
    series.collect()
}

async fn assert_distinct(exposition: &Exposition, naming: Naming, requests: usize) {
    let text = text(exposition, "text/plain").await;
    let mut seen = BTreeSet::new();
    for series in series(&text) {
        assert!(
            seen.insert(series.clone()),
            "{series:?} is there twice:\n{text}"
        );
    }
    // And none is lost.
    let scrape = Scrape::parse(&text);
    let families: &[&str] = match naming {
        Naming::Prometheus => &["http_requests_total", "http_client_requests_total"],
        Naming::AxumPrometheus => &[
            "axum_http_requests_total",
            "axum_http_client_requests_total",
        ],
        _ => &[
            "http_server_request_duration_seconds_count",
            "http_client_request_duration_seconds_count",
            "rpc_server_call_duration_seconds_count",
            "rpc_client_call_duration_seconds_count",
        ],
    };
    let counted: f64 = families.iter().map(|family| scrape.sum(family)).sum();
    assert_eq!(counted, requests as f64, "{text}");
}

#[tokio::test]
async fn no_series_is_there_twice_under_any_naming() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut built = 0;
    for round in 0..120 {
        let naming = NAMINGS[round % NAMINGS.len()];
        // Some of these configurations are refused.
        let Ok((layer, exposition)) = builder(&mut random, naming).pair() else {
            continue;
        };
        built += 1;
        let mut requests = 0;
        // New series are sorted in among those of the scrape before.
        for _ in 0..3 {
            for _ in 0..60 {
                drive(&mut random, &layer);
                requests += 1;
            }
            assert_distinct(&exposition, naming, requests).await;
        }
    }
    assert!(built > 60, "{built}");
}
