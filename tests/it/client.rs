//! Outgoing requests: what a client's layer says of its calls, and what it does not make up about its peers.

use crate::support::{Body, Scrape, changes, serve, serve_hyper, text, until};
use axum::{Router, routing::get};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prometheus_client::registry::Registry;
use std::{
    convert::Infallible,
    future::{pending, ready},
    io,
    net::SocketAddr,
};
use tokio::{io::AsyncReadExt, net::TcpListener};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::{
    Exposition, Metrics, MetricsLayer, MetricsLayerBuilder, Naming, Peer, ResponseBody,
    RouteTemplate,
};

type Measured = Metrics<Client<HttpConnector, Body>>;
type Answer = Response<ResponseBody<Incoming>>;

const ITEM: RouteTemplate = RouteTemplate::new("/items/{id}");

/// A client with a layer around it.
struct Caller {
    client: Measured,
    exposition: Exposition,
}

impl Caller {
    fn new(builder: MetricsLayerBuilder) -> Self {
        let (metrics, exposition) = builder.client().pair().unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            client: metrics.layer(client),
            exposition,
        }
    }

    async fn call(
        &self,
        request: Request<Body>,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        self.client.clone().oneshot(request).await
    }

    /// Gets the status of an item, and all of its body.
    async fn item(&self, server: SocketAddr, path: &str) -> StatusCode {
        let response = self.call(item(server, path)).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        status
    }

    async fn has(&self, expected: &[(&str, f64)]) {
        let scrape = Scrape::of(&self.exposition).await;
        let expected: Vec<_> = expected
            .iter()
            .map(|(series, value)| ((*series).to_owned(), *value))
            .collect();
        let counted = scrape.since(&Scrape::default());
        assert_eq!(counted, expected.into_iter().collect());
    }
}

fn item(server: SocketAddr, path: &str) -> Request<Body> {
    let request = Request::get(format!("http://{server}{path}")).extension(ITEM);
    request.body(Body::default()).unwrap()
}

/// Answers with the status that the path says.
async fn server() -> SocketAddr {
    serve_hyper(service_fn(async |request: Request<Incoming>| {
        let path = request.uri().path();
        let asked = path.strip_prefix('/').and_then(|code| code.parse().ok());
        let response = Response::builder().status(asked.unwrap_or(200_u16));
        Ok::<_, Infallible>(response.body(Body::from("answer")).unwrap())
    }))
    .await
}

/// Takes connections and requests, and closes them without an answer.
async fn resetting() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 256]).await;
        }
    });
    address
}

#[tokio::test]
async fn a_call_is_counted_under_the_template_that_its_caller_gives() {
    let caller = Caller::new(MetricsLayer::builder());
    let server = server().await;
    for path in ["/items/1", "/items/2", "/anything"] {
        assert_eq!(caller.item(server, path).await, 200);
    }
    caller
        .has(&[
            (r#"http_client_requests_total{method="GET",route="/items/{id}",status="200"}"#, 3.0),
            (r#"http_client_request_duration_seconds_count{method="GET",route="/items/{id}",status="200"}"#, 3.0),
        ])
        .await;
}

#[tokio::test]
async fn the_url_names_nothing() {
    let caller = Caller::new(MetricsLayer::builder());
    let server = server().await;
    for n in 0..50 {
        let request = Request::get(format!("http://{server}/path{n}?query={n}"));
        let response = caller.call(request.body(Body::default()).unwrap()).await;
        response.unwrap().into_body().collect().await.unwrap();
    }
    caller
        .has(&[
            (r#"http_client_requests_total{method="GET",route="_unmatched",status="200"}"#, 50.0),
            (r#"http_client_request_duration_seconds_count{method="GET",route="_unmatched",status="200"}"#, 50.0),
        ])
        .await;
}

#[tokio::test]
async fn the_route_of_a_request_that_is_passed_on_is_not_that_of_the_call() {
    let caller = Caller::new(MetricsLayer::builder());
    let server = server().await;
    let client = caller.client.clone();
    // A proxy, which passes the extensions of its request on.
    let proxy = move |request: axum::extract::Request| {
        let client = client.clone();
        async move {
            let (mut parts, _) = request.into_parts();
            parts.uri = format!("http://{server}{}", parts.uri).parse().unwrap();
            let response = client.oneshot(Request::from_parts(parts, Body::default()));
            response.await.unwrap().status()
        }
    };
    let app = Router::new().route("/shop/{id}", get(proxy));
    let front = serve(app).await;
    let status = Caller::new(MetricsLayer::builder())
        .item(front, "/shop/1")
        .await;
    assert_eq!(status, 200);
    let scrape = Scrape::of(&caller.exposition).await;
    let series = r#"http_client_requests_total{method="GET",route="_unmatched",status="200"}"#;
    assert_eq!(scrape.get(series), 1.0);
    assert_eq!(scrape.sum("http_client_requests_total"), 1.0);
}

#[tokio::test]
async fn a_4xx_and_a_5xx_are_errors_of_the_call() {
    let caller = Caller::new(MetricsLayer::builder());
    let server = server().await;
    for status in [204, 302, 404, 429, 500] {
        assert_eq!(caller.item(server, &format!("/{status}")).await, status);
    }
    let scrape = Scrape::of(&caller.exposition).await;
    for (error, count) in [("404", 1.0), ("429", 1.0), ("500", 1.0)] {
        let labels = format!(r#"{{method="GET",route="/items/{{id}}",error="{error}"}}"#);
        assert_eq!(
            scrape.get(&format!("http_client_errors_total{labels}")),
            count
        );
    }
    assert_eq!(scrape.sum("http_client_errors_total"), 3.0);
    assert_eq!(scrape.sum("http_client_requests_total"), 5.0);
}

#[tokio::test]
async fn a_call_whose_connection_is_reset_has_no_status_and_says_service() {
    let caller = Caller::new(MetricsLayer::builder());
    let server = resetting().await;
    caller.call(item(server, "/")).await.unwrap_err();
    caller
        .has(&[
            (r#"http_client_errors_total{method="GET",route="/items/{id}",error="service"}"#, 1.0),
            (r#"http_client_requests_total{method="GET",route="/items/{id}",status="_none"}"#, 1.0),
            (r#"http_client_request_duration_seconds_count{method="GET",route="/items/{id}",status="_none"}"#, 1.0),
        ])
        .await;
}

#[tokio::test]
async fn a_call_to_a_server_that_hangs_is_cancelled_once_its_caller_gives_up() {
    let caller = Caller::new(MetricsLayer::builder());
    let server = serve_hyper(service_fn(async |_: Request<Incoming>| {
        pending::<Result<Response<Body>, Infallible>>().await
    }))
    .await;
    let call = tokio::spawn(caller.client.clone().oneshot(item(server, "/")));
    let in_flight = r#"http_client_requests_in_flight{method="GET",route="/items/{id}"}"#;
    let started = || async { Scrape::of(&caller.exposition).await.get(in_flight) == 1.0 };
    until("the call is on its way", started).await;
    call.abort();
    call.await.unwrap_err();
    caller
        .has(&[
            (r#"http_client_requests_cancelled_total{method="GET",route="/items/{id}",phase="head"}"#, 1.0),
            (r#"http_client_requests_total{method="GET",route="/items/{id}",status="_none"}"#, 1.0),
            (r#"http_client_request_duration_seconds_count{method="GET",route="/items/{id}",status="_none"}"#, 1.0),
        ])
        .await;
}

/// Sends two frames, and then fails or waits.
async fn streaming(fails: bool) -> SocketAddr {
    let answer = move |_: Request<Incoming>| {
        let frame = || Ok(http_body::Frame::data(Bytes::from_static(b"frame")));
        let end = stream::once(async move {
            if !fails {
                pending::<()>().await;
            }
            // The server sends what it has when the body lets it wait.
            tokio::task::yield_now().await;
            Err(io::Error::other("broken"))
        });
        let frames = stream::iter([frame(), frame()]).chain(end);
        ready(Ok::<_, Infallible>(Response::new(StreamBody::new(
            Box::pin(frames),
        ))))
    };
    serve_hyper(service_fn(answer)).await
}

#[tokio::test]
async fn a_response_that_breaks_off_is_an_error_and_one_that_is_dropped_is_cancelled() {
    let caller = Caller::new(MetricsLayer::builder());
    let broken = caller.call(item(streaming(true).await, "/")).await.unwrap();
    broken.into_body().collect().await.unwrap_err();
    let mut dropped = caller
        .call(item(streaming(false).await, "/"))
        .await
        .unwrap();
    dropped.body_mut().frame().await.unwrap().unwrap();
    drop(dropped);
    caller
        .has(&[
            (r#"http_client_errors_total{method="GET",route="/items/{id}",error="body"}"#, 1.0),
            (r#"http_client_requests_cancelled_total{method="GET",route="/items/{id}",phase="body"}"#, 1.0),
            (r#"http_client_requests_total{method="GET",route="/items/{id}",status="200"}"#, 2.0),
            (r#"http_client_request_duration_seconds_count{method="GET",route="/items/{id}",status="200"}"#, 2.0),
        ])
        .await;
}

#[tokio::test]
async fn a_peer_is_one_of_the_list_or_other() {
    let (listed, other) = (server().await, server().await);
    let caller = Caller::new(MetricsLayer::builder().peers([listed.to_string(), "billing".into()]));
    caller.item(listed, "/").await;
    caller.item(other, "/").await;
    let mut named = item(other, "/");
    named.extensions_mut().insert(Peer::new("billing"));
    caller
        .call(named)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();

    let scrape = Scrape::of(&caller.exposition).await;
    for peer in [listed.to_string().as_str(), "billing", "_OTHER"] {
        for (name, last, value) in [
            ("requests_total", r#",status="200""#, 1.0),
            ("requests_in_flight", "", 0.0),
        ] {
            let series = format!(
                r#"http_client_{name}{{method="GET",route="/items/{{id}}",peer="{peer}"{last}}}"#
            );
            assert_eq!(scrape.0.get(&series), Some(&value), "{series}");
        }
    }
    assert_eq!(scrape.sum("http_client_requests_total"), 3.0);
}

#[tokio::test]
async fn of_a_host_and_the_same_with_a_port_the_latter_is_the_peer_in_either_order() {
    let server = server().await;
    let (host, port) = ("127.0.0.1".to_owned(), server.to_string());
    for peers in [[host.clone(), port.clone()], [port.clone(), host.clone()]] {
        let caller = Caller::new(MetricsLayer::builder().peers(peers));
        caller.item(server, "/").await;
        let scrape = Scrape::of(&caller.exposition).await;
        for (peer, count) in [(&port, 1.0), (&host, 0.0)] {
            let series = format!(
                r#"http_client_requests_total{{method="GET",route="/items/{{id}}",peer="{peer}",status="200"}}"#
            );
            assert_eq!(scrape.get(&series), count, "{series}");
        }
    }
}

#[tokio::test]
async fn under_the_names_of_open_telemetry_a_peer_has_the_address_and_port_that_the_list_says() {
    let builder = MetricsLayer::builder()
        .client()
        .naming(Naming::OpenTelemetry);
    let peers = ["billing", "billing:443", "the bank"];
    let (metrics, exposition) = builder.peers(peers).pair().unwrap();
    let service = metrics.layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Body::default())))
    }));
    let call = async |uri: &str, named: Option<&'static str>| {
        let mut request = Request::get(uri).body(()).unwrap();
        if let Some(name) = named {
            request.extensions_mut().insert(Peer::new(name));
        }
        let response = service.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    };
    let labels = async || {
        let scrape = Scrape::of(&exposition).await;
        let name = "http_client_request_duration_seconds_count";
        let shown = |series: &String| series.strip_prefix(name).map(str::to_owned);
        scrape.0.keys().filter_map(shown).collect::<Vec<_>>()
    };
    let head = r#"{http_request_method="GET",http_response_status_code="200",url_scheme="http",network_protocol_version="1.1""#;
    let mut expected = Vec::new();
    for (uri, named, peer) in [
        (
            "http://billing:8080/",
            None,
            r#",server_address="billing"}"#,
        ),
        (
            "http://billing:443/",
            None,
            r#",server_address="billing",server_port="443"}"#,
        ),
        ("http://billing/", Some("the bank"), "}"),
    ] {
        call(uri, named).await;
        expected.push(format!("{head}{peer}"));
        expected.sort_unstable();
        assert_eq!(labels().await, expected, "{uri}");
    }
}

#[tokio::test]
async fn every_grpc_code_but_ok_is_an_error_of_the_call() {
    let server = serve_hyper(service_fn(async |request: Request<Incoming>| {
        let response = Response::builder().header("content-type", "application/grpc");
        let response = response.header("grpc-status", request.headers()["ask"].clone());
        Ok::<_, Infallible>(response.body(Body::default()).unwrap())
    }))
    .await;
    let caller = Caller::new(MetricsLayer::builder());
    for code in ["0", "5", "12"] {
        let request = Request::post(format!("http://{server}/a.B/C"))
            .header("content-type", "application/grpc+proto")
            .header("ask", code)
            .extension(RouteTemplate::new("/a.B/C"));
        let response = caller.call(request.body(Body::default()).unwrap()).await;
        response.unwrap().into_body().collect().await.unwrap();
    }
    let scrape = Scrape::of(&caller.exposition).await;
    for code in ["OK", "NOT_FOUND", "UNIMPLEMENTED"] {
        let series = format!(
            r#"http_client_requests_total{{method="POST",route="/a.B/C",status="200",grpc_status="{code}"}}"#
        );
        assert_eq!(scrape.get(&series), 1.0, "{series}");
        let series =
            format!(r#"http_client_errors_total{{method="POST",route="/a.B/C",error="{code}"}}"#);
        assert_eq!(scrape.get(&series), f64::from(code != "OK"), "{series}");
    }
}

#[tokio::test]
async fn a_grpc_path_names_no_route_of_a_call() {
    let server = serve_hyper(service_fn(async |_: Request<Incoming>| {
        let response = Response::builder().header("content-type", "application/grpc");
        let response = response.header("grpc-status", "0").body(Body::default());
        Ok::<_, Infallible>(response.unwrap())
    }))
    .await;
    let caller = Caller::new(MetricsLayer::builder());
    for n in 0..20 {
        let request = Request::post(format!("http://{server}/a.B/C{n}"))
            .header("content-type", "application/grpc");
        caller
            .call(request.body(Body::default()).unwrap())
            .await
            .unwrap();
    }
    let scrape = Scrape::of(&caller.exposition).await;
    let series = r#"http_client_requests_total{method="POST",route="_unmatched",status="200",grpc_status="OK"}"#;
    assert_eq!(scrape.get(series), 20.0);
}

#[tokio::test]
async fn a_server_and_a_client_share_an_endpoint() {
    let mut registry = Registry::default();
    let calls = MetricsLayer::builder()
        .client()
        .register(&mut registry)
        .unwrap();
    let (requests, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let server = server().await;
    let client = calls.layer(Client::builder(TokioExecutor::new()).build_http());
    let mut front = requests.layer(service_fn(move |_: Request<()>| {
        let client: Measured = client.clone();
        async move { client.oneshot(item(server, "/")).await }
    }));
    let response = front.call(Request::new(())).await.unwrap();
    response.into_body().collect().await.unwrap();

    let counted = Scrape::of(&exposition).await.since(&Scrape::default());
    assert_eq!(
        counted,
        changes([
            (
                r#"http_client_requests_total{method="GET",route="/items/{id}",status="200"}"#,
                1.0
            ),
            (
                r#"http_client_request_duration_seconds_count{method="GET",route="/items/{id}",status="200"}"#,
                1.0
            ),
            (
                r#"http_requests_total{method="GET",route="_unmatched",status="200"}"#,
                1.0
            ),
            (
                r#"http_request_duration_seconds_count{method="GET",route="_unmatched",status="200"}"#,
                1.0
            ),
        ])
    );
}

#[tokio::test]
async fn under_the_names_of_open_telemetry_what_never_came_is_absent() {
    let (server, gone) = (server().await, resetting().await);
    let caller = Caller::new(
        MetricsLayer::builder()
            .naming(Naming::OpenTelemetry)
            .peers([server.to_string(), gone.to_string()]),
    );
    caller.item(server, "/404").await;
    caller.call(item(gone, "/")).await.unwrap_err();
    let port = |address: SocketAddr| {
        format!(
            r#"server_address="127.0.0.1",server_port="{}"}}"#,
            address.port()
        )
    };
    let name = "http_client_request_duration_seconds_count";
    let head = r#"{http_request_method="GET",url_template="/items/{id}","#;
    let scrape = Scrape::of(&caller.exposition).await;
    for series in [
        format!(
            r#"{name}{head}http_response_status_code="404",error_type="404",url_scheme="http",network_protocol_version="1.1",{}"#,
            port(server)
        ),
        format!(
            r#"{name}{head}error_type="service",url_scheme="http",{}"#,
            port(gone)
        ),
    ] {
        assert_eq!(scrape.get(&series), 1.0, "{series} in {scrape:?}");
    }
    assert!(
        text(&caller.exposition, "text/plain")
            .await
            .contains("http_client_active_requests")
    );
}
