//! A client's headers alone make no gRPC call: a plain route counts a request that says it is one as any other.

use crate::support::{
    Scrape, ScriptedBody, Step, TestLayer,
    counted::{cancelled, complete, failed, sum},
    serve_hyper,
    server::{Client, PROTOCOLS, Server},
    settled,
};
use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::{collections::BTreeMap, convert::Infallible, future::pending, time::Duration};
use tower::service_fn;
use tower_red::MetricsLayer;

/// What a client can send with any request.
const HEADERS: [&[(&str, &str)]; 4] = [
    &[],
    &[("content-type", "application/grpc")],
    &[
        ("content-type", "application/grpc"),
        ("grpc-timeout", "0n"),
        ("grpc-status", "0"),
        ("te", "trailers"),
    ],
    &[
        ("content-type", "application/grpc+proto"),
        ("grpc-timeout", "1n"),
    ],
];

/// Plain routes, two of them of the form of a gRPC path.
fn app() -> Router {
    let body = |last| {
        let first = stream::once(async { Ok(String::from("first")) });
        let last = stream::once(async move {
            // The server sends what it has when the body lets it wait.
            tokio::task::yield_now().await;
            match last {
                true => Err("broken"),
                false => pending().await,
            }
        });
        Body::from_stream(first.chain(last))
    };
    let routes = Router::new()
        .route(
            "/plain",
            post(|| async { (StatusCode::CREATED, "ordered") }),
        )
        .route("/empty", post(|| async {}))
        .route(
            "/broken",
            post(|| async { StatusCode::SERVICE_UNAVAILABLE }),
        )
        .route("/panics", post(panics))
        .route("/hangs", post(pending::<()>))
        .route("/endless", post(move || async move { body(false) }))
        .route("/fails", post(move || async move { body(true) }))
        .route("/read", get(|| async { "read" }));
    Router::new()
        .nest("/orders", routes.clone())
        .nest("/orders/{id}", routes)
}

async fn panics() {
    // Not in the first poll.
    tokio::task::yield_now().await;
    panic!("asked to")
}

/// The route, what becomes of a request to it, and that by a client that is gone then.
fn ways(prefix: &str) -> Vec<(&'static str, BTreeMap<String, f64>)> {
    let route = |path| format!("{prefix}{path}");
    vec![
        ("/plain", complete("POST", &route("/plain"), "201")),
        ("/empty", complete("POST", &route("/empty"), "200")),
        ("/broken", failed("POST", &route("/broken"), "503", "503")),
        ("/panics", failed("POST", &route("/panics"), "500", "panic")),
        ("/hangs", cancelled("POST", &route("/hangs"), "499", "head")),
        (
            "/endless",
            cancelled("POST", &route("/endless"), "200", "body"),
        ),
        ("/fails", failed("POST", &route("/fails"), "200", "body")),
        ("/read", complete("POST", &route("/read"), "405")),
    ]
}

#[tokio::test]
async fn a_plain_route_counts_a_request_that_says_it_is_grpc_as_any_other() {
    // `/orders/plain` looks like a method of a service, `/orders/7/plain` does not.
    for (prefix, asked) in [("/orders", "/orders"), ("/orders/{id}", "/orders/7")] {
        let server = Server::new(app()).await;
        for (path, expected) in ways(prefix) {
            for headers in HEADERS {
                let way = async |mut client: Client| {
                    let mut request = client.request("POST", &format!("{asked}{path}"));
                    for (name, value) in headers {
                        request.headers_mut().insert(*name, value.parse().unwrap());
                    }
                    let response = client.start_request(request).await;
                    if path == "/hangs" {
                        server.in_flight(1.0).await;
                        return;
                    }
                    // Whether a head gets through before a panic is up to the server.
                    let Ok(response) = response.await else { return };
                    let mut body = response.into_body();
                    match path {
                        "/endless" => drop(body.frame().await.unwrap().unwrap()),
                        _ => drop(body.collect().await),
                    }
                };
                server.counts(expected.clone(), way).await;
            }
        }
    }
}

#[tokio::test]
async fn a_service_that_returns_err_to_a_request_that_says_it_is_grpc_is_a_service_error() {
    let fails =
        service_fn(|_: Request<Incoming>| async { Err::<Response<Full<Bytes>>, _>("no response") });
    let (metrics, exposition) = MetricsLayer::builder().routes(["/orders"]).pair().unwrap();
    let address = serve_hyper(tower::Layer::layer(&metrics, fails)).await;
    let server = Server {
        address,
        exposition,
    };
    for headers in HEADERS {
        let way = async |mut client: Client| {
            let mut request = client.request("POST", "/orders");
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
            client.read_request(request).await.unwrap_err();
        };
        let expected = failed("POST", "/orders", "500", "service");
        server.counts(expected, way).await;
    }
}

#[tokio::test]
async fn a_plain_route_has_a_request_that_says_it_is_grpc_in_flight_under_its_own_name() {
    let server = Server::new(app()).await;
    for protocol in PROTOCOLS {
        let mut client = server.client(protocol).await;
        let mut request = client.request("POST", "/orders/hangs");
        let grpc = "application/grpc".parse().unwrap();
        request.headers_mut().insert("content-type", grpc);
        let response = client.start_request(request).await;
        server.in_flight(1.0).await;
        let scrape = Scrape::of(&server.exposition).await;
        let series = r#"http_requests_in_flight{method="POST",route="/orders/hangs"}"#;
        assert_eq!(scrape.get(series), 1.0, "{protocol:?}");
        drop((client, response));
        settled(&server.exposition).await;
    }
}

#[tokio::test]
async fn a_path_of_no_route_has_no_grpc_status_before_its_head() {
    let app = Router::new().fallback(async |request: axum::extract::Request| {
        if request.uri().path().ends_with("Hangs") {
            pending::<()>().await;
        }
        panics().await;
    });
    let server = Server::new(app).await;
    for (path, expected) in [
        (
            "/pkg.Svc/Hangs",
            cancelled("POST", "_unmatched", "499", "head"),
        ),
        (
            "/pkg.Svc/Panics",
            failed("POST", "_unmatched", "500", "panic"),
        ),
    ] {
        let way = async |mut client: Client| {
            let mut request = client.request("POST", path);
            let headers = request.headers_mut();
            headers.insert("content-type", "application/grpc".parse().unwrap());
            headers.insert("grpc-timeout", "0n".parse().unwrap());
            let response = client.start_request(request).await;
            match path.ends_with("Hangs") {
                true => server.in_flight(1.0).await,
                false => drop(response.await.unwrap_err()),
            }
        };
        server.counts(expected, way).await;
    }
}

#[tokio::test]
async fn a_template_of_an_outer_layer_does_not_make_a_request_grpc() {
    let layer = TestLayer::default();
    let request = || {
        let request = Request::post("/pkg.Svc/Method")
            .header("content-type", "application/grpc")
            .header("grpc-timeout", "0n")
            .extension(tower_red::RouteTemplate::new("/orders"));
        request.body(()).unwrap()
    };
    let never = layer.never(request());
    layer.clock.advance(Duration::from_secs(1));
    drop(never);
    let left = cancelled("POST", "/orders", "499", "head");
    assert_eq!(layer.all().await, left);

    let page = ScriptedBody::new(&[Step::Bytes(4)]);
    drop(layer.respond(request(), Response::new(page)));
    let both = sum([left, cancelled("POST", "/orders", "200", "body")]);
    assert_eq!(layer.all().await, both);
}

/// Once it is proven, a request to a path is a call, though it ends before its head.
#[tokio::test]
async fn a_proven_path_is_grpc_before_its_head() {
    let answer = async |request: axum::extract::Request| {
        if request.headers().contains_key("hang") {
            pending::<()>().await;
        }
        let head = Response::builder().header("content-type", "application/grpc");
        let head = head.header("grpc-status", "0");
        Ok::<_, Infallible>(head.body(Body::empty()).unwrap())
    };
    let server = Server::new(Router::new().fallback_service(service_fn(answer))).await;
    let call = |client: &Client, hang: bool| {
        let mut request = client.request("POST", "/pkg.Svc/Method");
        let grpc = "application/grpc".parse().unwrap();
        request.headers_mut().insert("content-type", grpc);
        if hang {
            request.headers_mut().insert("hang", "1".parse().unwrap());
        }
        request
    };
    let mut client = server.client(PROTOCOLS[1]).await;
    let request = call(&client, false);
    client.read_request(request).await.unwrap();
    let expected = crate::support::grpc::cancelled("/pkg.Svc/Method", "499", "head");
    let way = async |mut client: Client| {
        let request = call(&client, true);
        let _response = client.start_request(request).await;
        server.in_flight(1.0).await;
    };
    server.counts(expected, way).await;
}
