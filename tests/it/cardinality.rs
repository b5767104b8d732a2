//! Nothing that a client sends becomes a label value.

use crate::support;
use crate::support::{Body, Scrape, http1, http2, request, serve, settled};
use axum::{
    Router,
    extract::Path,
    middleware,
    response::Response,
    routing::{any, get},
};
use futures_util::future::join_all;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use std::{collections::BTreeSet, convert::Infallible, fmt::Write, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower_red::{Exposition, MetricsLayer};

const KNOWN_METHODS: [&str; 10] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE",
];

/// Is in all that the hostile requests send, and in no name or template.
const MARKER: &str = "marker";

/// An application with every kind of route. Its answers say that they are its own: the server answers some
/// requests by itself.
fn app() -> (Router, Exposition) {
    let (metrics, exposition) = MetricsLayer::pair();
    let files = tower::service_fn(|_: axum::extract::Request| async {
        Ok::<_, Infallible>(Response::new(axum::body::Body::from("a file")))
    });
    let shop = Router::new()
        .route("/items/{item}", get(|| async { "an item" }))
        .fallback(|| async { StatusCode::GONE });
    let app = Router::new()
        .route("/", get(|| async { "home" }))
        .route("/users/{id}", get(|| async { "a user" }))
        .route("/rest/{*path}", any(|| async { "the rest" }))
        .nest("/shop", shop)
        .nest_service("/files", files)
        .fallback(|| async { (StatusCode::NOT_FOUND, "nothing") })
        .layer(middleware::map_response(|mut response: Response| async {
            let own = HeaderValue::from_static("app");
            response.headers_mut().insert("x-answered-by", own);
            response
        }))
        .layer(metrics);
    (app, exposition)
}

/// A path on each of its routes, and on none.
const PATHS: [&str; 9] = [
    "/",
    "/users/1",
    "/rest/a/b",
    "/shop",
    "/shop/items/1",
    "/files",
    "/files/",
    "/files/a/b",
    "/nope",
];

/// Sends bytes over a connection of their own, and returns what comes back until the server closes it.
async fn send_raw(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    // The server may have closed it after half of a request that it does not want.
    let _ = stream.write_all(bytes).await;
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

fn is_answered_by_app(answer: &[u8]) -> bool {
    answer
        .windows(18)
        .any(|window| window == b"x-answered-by: app")
}

/// Makes all series that clients can reach: each route with each known method and an unknown one.
async fn warm_up(address: SocketAddr) {
    for method in KNOWN_METHODS.into_iter().chain(["BREW"]) {
        for path in PATHS {
            let target = if method == "CONNECT" { "nope:80" } else { path };
            let bytes =
                format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            assert!(is_answered_by_app(
                &send_raw(address, bytes.as_bytes()).await
            ));
        }
    }
}

fn series(scrape: &Scrape) -> BTreeSet<String> {
    scrape.0.keys().cloned().collect()
}

/// The scrapes in both dialects, in lower case: the marker comes in both cases.
async fn texts(exposition: &Exposition) -> [String; 2] {
    let classic = support::text(exposition, "text/plain").await;
    let open_metrics = support::text(exposition, "application/openmetrics-text").await;
    [classic, open_metrics].map(|text| text.to_lowercase())
}

fn hostile_target(n: usize) -> Vec<u8> {
    let m = format!("{MARKER}{n}");
    let target = match n % 24 {
        0 => format!("/{m}"),
        1 => format!("/users/{m}"),
        2 => format!("/users/{m}/{m}"),
        3 => format!("/users/{{id}}/{m}"),
        4 => format!("/users/{{{m}}}"),
        5 => format!("/users/%2e%2e%2f{m}%00%0a%22%5c"),
        6 => format!("/../..//{m}/..;/"),
        7 => format!("//{m}//"),
        8 => format!("/rest/{m}/{}", "a/".repeat(1_000)),
        9 => format!("/shop/items/{m}?{m}={m}"),
        10 => format!("/shop/{m}"),
        11 => format!("/files/{m}"),
        12 => format!("/files/%F0%9F%92%A9/{m}"),
        13 => format!("/_unmatched/{m}"),
        14 => format!("/_OTHER?{m}"),
        15 => format!("http://{m}.example/users/{m}"),
        16 => format!("/users/{m}%22%7D%201%0ahttp_requests_total%7Bmethod=%22{m}"),
        17 => format!("/{m}{}", "x".repeat(20_000)),
        18 => format!("/users/{m}\"}} 1"),
        19 => format!("/%ff%fe%00{m}"),
        20 => format!("/{m}\\..\\{m}"),
        21 => format!("/users/größe-{m}"),
        22 => format!("/metrics/{m}'--;<script>"),
        _ => format!("/?route=/{m}&method={m}&status={m}"),
    };
    let mut target = target.into_bytes();
    if n % 100 == 19 {
        target.push(0xff);
    }
    target
}

fn hostile_method(n: usize) -> String {
    let m = format!("{MARKER}{n}").to_uppercase();
    match n % 13 {
        0 | 1 => "GET".into(),
        2 => m,
        3 => m.to_lowercase(),
        4 => format!("X{}-{m}", "Y".repeat(300)),
        5 => "get".into(),
        6 => "_OTHER".into(),
        7 => format!("GET-{m}"),
        8 => format!("!#$%&'*+.^_`|~{m}"),
        9 => KNOWN_METHODS[n / 13 % 9 + 1].into(),
        10 => "PROPFIND".into(),
        11 => "POST".into(),
        _ => format!("G{m}T"),
    }
}

/// The headers that others make labels of, or trust.
fn hostile_headers(n: usize) -> String {
    let m = format!("{MARKER}{n}");
    let mut headers = format!("host: {m}.example\r\nconnection: close\r\n");
    let names = [
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-prefix",
        "forwarded",
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "content-encoding",
        "accept-encoding",
        "accept",
        "content-type",
        "referer",
        "cookie",
        "authorization",
        "traceparent",
        "x-request-id",
        "grpc-timeout",
        "grpc-status",
        "te",
        "range",
        "origin",
        "route",
        "status",
    ];
    for name in names {
        write!(headers, "{name}: {m}\" \\n}} {m}\r\n").unwrap();
    }
    write!(
        headers,
        "x-{m}: {m}\r\ncontent-type: application/grpc+{m}\r\n"
    )
    .unwrap();
    headers
}

fn hostile_request(n: usize) -> Vec<u8> {
    let version = match n % 50 {
        48 => "HTTP/1.0",
        49 => "HTTP/9.9-marker",
        _ => "HTTP/1.1",
    };
    let mut bytes = format!("{} ", hostile_method(n)).into_bytes();
    bytes.extend(hostile_target(n));
    bytes.extend(format!(" {version}\r\n{}", hostile_headers(n)).bytes());
    if n % 7 == 0 {
        bytes.extend(b"x-bytes: \xff\xfe\x80marker\r\n");
    }
    bytes.extend(b"\r\n");
    bytes
}

#[tokio::test]
async fn a_thousand_hostile_requests_add_no_series() {
    let (app, exposition) = app();
    let address = serve(app).await;
    warm_up(address).await;
    let before = settled(&exposition).await;

    let mut answered = 0;
    for n in 0..1_200 {
        let answer = send_raw(address, &hostile_request(n)).await;
        answered += u32::from(is_answered_by_app(&answer));
    }
    assert!(answered >= 1_000, "only {answered} came through");

    let after = settled(&exposition).await;
    assert_eq!(series(&after), series(&before));
    let counted = after.sum("http_requests_total") - before.sum("http_requests_total");
    assert_eq!(counted, f64::from(answered));
    for text in texts(&exposition).await {
        assert!(!text.contains(MARKER), "{text}");
    }
}

#[tokio::test]
async fn hostile_targets_in_every_form_add_no_series() {
    let (app, exposition) = app();
    let address = serve(app).await;
    warm_up(address).await;
    let before = settled(&exposition).await;

    for n in 0..20 {
        for target in [
            format!("CONNECT {MARKER}{n}.example:443"),
            String::from("OPTIONS *"),
            format!("GET http://{MARKER}{n}:{MARKER}@{MARKER}.example:80/{MARKER}#{MARKER}"),
            format!("PUT https://{MARKER}{n}.example"),
            format!("DELETE {MARKER}{n}"),
            format!("POST /{MARKER}{n}?{MARKER}#{MARKER}"),
        ] {
            let bytes = format!("{target} HTTP/1.1\r\nhost: {MARKER}\r\nconnection: close\r\n\r\n");
            send_raw(address, bytes.as_bytes()).await;
        }
    }

    let after = settled(&exposition).await;
    assert_eq!(series(&after), series(&before));
    assert!(after.sum("http_requests_total") >= before.sum("http_requests_total") + 60.0);
    for text in texts(&exposition).await {
        assert!(!text.contains(MARKER), "{text}");
    }
}

#[tokio::test]
async fn over_http2_hostile_requests_add_no_series() {
    let (app, exposition) = app();
    let address = serve(app).await;
    warm_up(address).await;
    let before = settled(&exposition).await;

    let sender = http2(address).await;
    let requests = (0..200).map(|n| {
        let m = format!("{MARKER}{n}");
        let method = ["GET", "marker", "BREW", "POST", m.as_str()][n % 5];
        let path = ["", "users/", "rest/", "shop/items/", "files/", "shop/"][n % 6];
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{m}.example:8080/{path}{m}?{m}={m}"))
            .header("user-agent", &m)
            .header("x-forwarded-proto", &m)
            .header("x-forwarded-host", &m)
            .header("content-encoding", &m)
            .header("accept-encoding", &m)
            .header("content-type", format!("application/grpc+{m}"))
            .header(m.as_str(), HeaderValue::from_bytes(b"marker\xff").unwrap());
        let request = request.body(Body::from(m.clone())).unwrap();
        let mut sender = sender.clone();
        async move {
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.headers()["x-answered-by"], "app");
            response.into_body().collect().await.unwrap();
        }
    });
    join_all(requests).await;

    let after = settled(&exposition).await;
    assert_eq!(series(&after), series(&before));
    let counted = after.sum("http_requests_total") - before.sum("http_requests_total");
    assert_eq!(counted, 200.0);
    for text in texts(&exposition).await {
        assert!(!text.contains(MARKER), "{text}");
    }
}

#[tokio::test]
async fn what_a_client_can_reach_is_bounded_by_routes_methods_and_outcomes() {
    let (app, exposition) = app();
    warm_up(serve(app).await).await;
    let scrape = settled(&exposition).await;
    let values = |name: &str| {
        let mark = format!("{name}=\"");
        let values = scrape.0.keys().filter_map(|series| {
            let (_, rest) = series.split_once(&mark)?;
            Some(rest.split_once('"').unwrap().0)
        });
        values.collect::<BTreeSet<_>>()
    };
    let routes = [
        "/",
        "/files",
        "/files/",
        "/rest/{*path}",
        "/shop/items/{item}",
        "/users/{id}",
        "_unmatched",
    ];
    assert_eq!(values("route"), routes.into());
    let methods = KNOWN_METHODS.into_iter().chain(["_OTHER"]);
    assert_eq!(values("method"), methods.collect());
    assert_eq!(values("status"), ["200", "404", "405", "410"].into());
    assert_eq!(values("error"), BTreeSet::new());
    assert_eq!(values("phase"), BTreeSet::new());
}

#[tokio::test]
async fn known_methods_keep_their_name_and_every_other_is_other() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new().fallback(|| async {}).layer(metrics);
    let address = serve(app).await;
    let unknown = [
        "get", "Get", "GETS", "BREW", "PROPFIND", "_OTHER", "M-SEARCH",
    ];
    for method in KNOWN_METHODS.into_iter().chain(unknown) {
        let target = if method == "CONNECT" { "x:80" } else { "/" };
        let sent = http1(address)
            .await
            .send_request(request(method, target))
            .await;
        assert_eq!(sent.unwrap().status(), StatusCode::OK, "{method}");
    }
    let scrape = settled(&exposition).await;
    let count = |method: &str| {
        let labels = format!(r#"{{method="{method}",route="_unmatched",status="200"}}"#);
        scrape.get(&format!("http_requests_total{labels}"))
    };
    for method in KNOWN_METHODS {
        assert_eq!(count(method), 1.0, "{method}");
    }
    assert_eq!(count("_OTHER"), 7.0);
    assert_eq!(scrape.sum("http_requests_total"), 17.0);
}

/// Asks for all of these statuses over one connection.
async fn scrape_of_statuses(codes: impl IntoIterator<Item = u16>) -> Scrape {
    let (metrics, exposition) = MetricsLayer::pair();
    let status = |Path(code): Path<u16>| async move { StatusCode::from_u16(code).unwrap() };
    let app = Router::new()
        .route("/status/{code}", get(status))
        .layer(metrics);
    let mut sender = http1(serve(app).await).await;
    for code in codes {
        sender.ready().await.unwrap();
        let request = request("GET", &format!("/status/{code}"));
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), code);
        response.into_body().collect().await.unwrap();
    }
    settled(&exposition).await
}

#[tokio::test]
async fn statuses_from_600_on_are_other_and_no_errors() {
    let scrape = scrape_of_statuses(600..=999).await;
    let other = r#"http_requests_total{method="GET",route="/status/{code}",status="_OTHER"}"#;
    assert_eq!(scrape.get(other), 400.0);
    assert_eq!(scrape.sum("http_requests_total"), 400.0);
    assert_eq!(scrape.sum("http_errors_total"), 0.0);
}

#[tokio::test]
async fn statuses_up_to_599_keep_their_three_digits_and_those_from_500_are_errors() {
    let scrape = scrape_of_statuses(200..=599).await;
    for code in 200..=599 {
        let status = format!(r#"{{method="GET",route="/status/{{code}}",status="{code}"}}"#);
        assert_eq!(scrape.get(&format!("http_requests_total{status}")), 1.0);
        let error = format!(r#"{{method="GET",route="/status/{{code}}",error="{code}"}}"#);
        let expected = f64::from(u8::from(code >= 500));
        assert_eq!(scrape.get(&format!("http_errors_total{error}")), expected);
    }
    assert_eq!(scrape.sum("http_requests_total"), 400.0);
    assert_eq!(scrape.sum("http_errors_total"), 100.0);
}
