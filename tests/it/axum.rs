//! Routes as axum sees them, and where in an application the layer may stand.

use crate::support::{Body, Scrape, changes, http1, http2, request, serve, settled, until};
use axum::{
    Extension, Router,
    extract::State,
    middleware,
    response::Response,
    routing::{any, get, post},
};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use std::{collections::BTreeMap, convert::Infallible, net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
};
use tower::{Layer, Service, ServiceExt};
use tower_red::{Exposition, MetricsLayer, RouteTemplate};

/// Sends one request after the other over one connection, and returns their statuses.
async fn send(address: SocketAddr, requests: &[(&str, &str)]) -> Vec<u16> {
    let mut sender = http1(address).await;
    let mut statuses = Vec::new();
    for (method, path) in requests {
        sender.ready().await.unwrap();
        let response = sender.send_request(request(method, path)).await.unwrap();
        statuses.push(response.status().as_u16());
        response.into_body().collect().await.unwrap();
    }
    statuses
}

/// What requests to a served application change in a scrape.
async fn changed(
    app: Router,
    exposition: &Exposition,
    requests: &[(&str, &str)],
) -> BTreeMap<String, f64> {
    let before = settled(exposition).await;
    let address = serve(app).await;
    send(address, requests).await;
    settled(exposition).await.since(&before)
}

/// What [`changed`] gives when so many requests of that method, route and status were counted, and no error.
fn counted<const N: usize>(expected: [(&str, &str, &str, f64); N]) -> BTreeMap<String, f64> {
    let families = ["http_requests_total", "http_request_duration_seconds_count"];
    let series = expected.iter().flat_map(|(method, route, status, count)| {
        let labels = format!(r#"{{method="{method}",route="{route}",status="{status}"}}"#);
        families.map(|family| (format!("{family}{labels}"), *count))
    });
    series.collect()
}

/// A handler that says when it runs, and goes on when it is told to.
#[derive(Clone)]
struct Held {
    runs: mpsc::UnboundedSender<()>,
    go_on: Arc<Semaphore>,
}

impl Held {
    fn new() -> (Self, mpsc::UnboundedReceiver<()>) {
        let (runs, running) = mpsc::unbounded_channel();
        let go_on = Arc::new(Semaphore::new(0));
        (Self { runs, go_on }, running)
    }

    async fn wait(&self) {
        self.runs.send(()).unwrap();
        self.go_on.acquire().await.unwrap().forget();
    }
}

#[tokio::test]
async fn a_request_is_named_by_its_route_template() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/", get(|| async {}))
        .route("/users/{id}", get(|| async {}))
        .route("/users/{id}/files/{*path}", get(|| async {}))
        .layer(metrics);
    let requests = [
        ("GET", "/"),
        ("GET", "/users/7"),
        ("GET", "/users/8?route=/x"),
        ("GET", "/users/7/files/a/b/c"),
    ];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/", "200", 1.0),
            ("GET", "/users/{id}", "200", 2.0),
            ("GET", "/users/{id}/files/{*path}", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn over_http2_a_request_is_named_by_its_route_template() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "hi" }))
        .layer(metrics);
    let mut sender = http2(serve(app).await).await;
    for id in 0..3 {
        let uri = format!("http://localhost/users/{id}");
        let request = Request::get(uri).body(Body::default()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let missing = Request::get("http://localhost/nope").body(Body::default());
    sender.send_request(missing.unwrap()).await.unwrap();
    assert_eq!(
        settled(&exposition).await.since(&Scrape::default()),
        counted([
            ("GET", "/users/{id}", "200", 3.0),
            ("GET", "_unmatched", "404", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_nested_route_is_named_by_its_full_template() {
    let (metrics, exposition) = MetricsLayer::pair();
    let items = Router::new().route("/{item}", get(|| async {}));
    let shop = Router::new()
        .route("/", get(|| async {}))
        .nest("/items", items);
    let app = Router::new().nest("/{shop}", shop).layer(metrics);
    let requests = [("GET", "/one"), ("GET", "/one/items/7")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/{shop}", "200", 1.0),
            ("GET", "/{shop}/items/{item}", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_layer_on_a_nested_router_counts_what_is_nested_by_its_full_template() {
    let (metrics, exposition) = MetricsLayer::pair();
    let shop = Router::new()
        .route("/items/{item}", get(|| async {}))
        .layer(metrics);
    let app = Router::new()
        .route("/items/{item}", get(|| async {}))
        .nest("/shop", shop);
    let requests = [("GET", "/items/7"), ("GET", "/shop/items/7")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([("GET", "/shop/items/{item}", "200", 1.0)])
    );
}

#[tokio::test]
async fn a_layer_on_a_router_that_is_nested_as_a_service_sees_the_full_template() {
    let (metrics, exposition) = MetricsLayer::pair();
    let shop = Router::new()
        .route("/items/{item}", get(|| async {}))
        .layer(metrics);
    let app = Router::new().nest_service("/shop", shop);
    let requests = [("GET", "/shop/items/7"), ("GET", "/shop/nope")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/shop/items/{item}", "200", 1.0),
            ("GET", "_unmatched", "404", 1.0),
        ])
    );
}

#[tokio::test]
async fn merged_routers_keep_their_routes() {
    let (metrics, exposition) = MetricsLayer::pair();
    let users = Router::new().route("/users/{id}", get(|| async {}));
    let orders = Router::new().route("/orders/{id}", get(|| async {}));
    let app = users.merge(orders).layer(metrics);
    let requests = [("GET", "/users/1"), ("GET", "/orders/1")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/orders/{id}", "200", 1.0),
            ("GET", "/users/{id}", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn one_layer_on_two_routers_that_are_merged_counts_each_request_once() {
    let (metrics, exposition) = MetricsLayer::pair();
    let users = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics.clone());
    let orders = Router::new()
        .route("/orders/{id}", get(|| async {}))
        .layer(metrics);
    let requests = [("GET", "/users/1"), ("GET", "/orders/1"), ("GET", "/nope")];
    let changes = changed(users.merge(orders), &exposition, &requests).await;
    assert_eq!(
        changes,
        counted([
            ("GET", "/orders/{id}", "200", 1.0),
            ("GET", "/users/{id}", "200", 1.0),
            ("GET", "_unmatched", "404", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_request_without_a_route_is_unmatched() {
    let (metrics, exposition) = MetricsLayer::pair();
    let nested = Router::new()
        .route("/in", get(|| async {}))
        .fallback(|| async { StatusCode::GONE });
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .nest("/nested", nested)
        .fallback(|| async { "not here" })
        .layer(metrics);
    let requests = [
        ("GET", "/nope/1"),
        ("GET", "/users/1/more"),
        ("GET", "/nested/nope"),
    ];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "_unmatched", "200", 2.0),
            ("GET", "_unmatched", "410", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_404_from_a_handler_keeps_its_route_and_is_no_error() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { StatusCode::NOT_FOUND }))
        .layer(metrics);
    assert_eq!(
        changed(app, &exposition, &[("GET", "/users/7")]).await,
        counted([("GET", "/users/{id}", "404", 1.0)])
    );
}

#[tokio::test]
async fn a_405_keeps_its_route() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics);
    let requests = [("DELETE", "/users/7"), ("BREW", "/users/7")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("DELETE", "/users/{id}", "405", 1.0),
            ("_OTHER", "/users/{id}", "405", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_head_request_to_a_get_route_is_a_head_request() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "a body that is not sent" }))
        .layer(metrics);
    let requests = [("HEAD", "/users/7"), ("GET", "/users/7")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/users/{id}", "200", 1.0),
            ("HEAD", "/users/{id}", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn methods_that_a_route_takes_are_told_apart() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/orders", post(|| async { StatusCode::CREATED }))
        .route("/any", any(|| async {}))
        .layer(metrics);
    let requests = [("POST", "/orders"), ("PATCH", "/any"), ("QUERY", "/any")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("PATCH", "/any", "200", 1.0),
            ("POST", "/orders", "201", 1.0),
            ("QUERY", "/any", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_service_on_a_route_has_that_route_and_what_is_below_a_nested_one_has_none() {
    let (metrics, exposition) = MetricsLayer::pair();
    let service = tower::service_fn(|_: axum::extract::Request| async {
        Ok::<_, Infallible>(Response::new(axum::body::Body::empty()))
    });
    let app = Router::new()
        .route_service("/one/{x}", service)
        .nest_service("/files", service)
        .layer(metrics);
    let requests = [
        ("GET", "/one/1"),
        // axum makes these two routes of their own.
        ("GET", "/files"),
        ("GET", "/files/"),
        ("GET", "/files/a"),
        ("GET", "/files/a/b"),
    ];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/files", "200", 1.0),
            ("GET", "/files/", "200", 1.0),
            ("GET", "/one/{x}", "200", 1.0),
            ("GET", "_unmatched", "200", 2.0),
        ])
    );
}

#[tokio::test]
async fn a_template_from_an_outer_layer_comes_before_the_matched_path() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics)
        .layer(Extension(RouteTemplate::new("/outer")));
    let requests = [("GET", "/users/7"), ("GET", "/nope")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([("GET", "/outer", "200", 1.0), ("GET", "/outer", "404", 1.0)])
    );
}

#[tokio::test]
async fn a_template_in_the_request_from_an_inner_layer_is_not_seen() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(Extension(RouteTemplate::new("/inner")))
        .layer(metrics);
    assert_eq!(
        changed(app, &exposition, &[("GET", "/users/7")]).await,
        counted([("GET", "/users/{id}", "200", 1.0)])
    );
}

#[tokio::test]
async fn a_template_from_a_handler_overrules_the_matched_path() {
    let (metrics, exposition) = MetricsLayer::pair();
    let handler = || async { (Extension(RouteTemplate::new("/by/handler")), "hi") };
    let app = Router::new()
        .route("/users/{id}", get(handler))
        .fallback(handler)
        .layer(metrics);
    let requests = [("GET", "/users/7"), ("GET", "/nope")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([("GET", "/by/handler", "200", 2.0)])
    );
}

async fn named_as_file(mut response: Response) -> Response {
    let template = RouteTemplate::new("/files/{*path}");
    response.extensions_mut().insert(template);
    response
}

#[tokio::test]
async fn a_template_from_an_inner_layer_names_what_a_nested_service_serves() {
    let (metrics, exposition) = MetricsLayer::pair();
    let files = Router::new().fallback(|| async { "a file" });
    let files = files.layer(middleware::map_response(named_as_file));
    let app = Router::new().nest_service("/files", files).layer(metrics);
    assert_eq!(
        changed(app, &exposition, &[("GET", "/files/a/b")]).await,
        counted([("GET", "/files/{*path}", "200", 1.0)])
    );
}

#[tokio::test]
async fn a_template_in_the_response_overrules_one_in_the_request() {
    let (metrics, exposition) = MetricsLayer::pair();
    let handler = || async { Extension(RouteTemplate::new("/response")) };
    let app = Router::new()
        .route("/users/{id}", get(handler))
        .layer(metrics)
        .layer(Extension(RouteTemplate::new("/request")));
    assert_eq!(
        changed(app, &exposition, &[("GET", "/users/7")]).await,
        counted([("GET", "/response", "200", 1.0)])
    );
}

#[tokio::test]
async fn a_template_in_the_response_names_its_error_too() {
    let (metrics, exposition) = MetricsLayer::pair();
    let handler = || async {
        (
            StatusCode::BAD_GATEWAY,
            Extension(RouteTemplate::new("/proxy")),
        )
    };
    let app = Router::new().fallback(handler).layer(metrics);
    let requests = [("GET", "/anything")];
    let expected = changes([
        (
            r#"http_requests_total{method="GET",route="/proxy",status="502"}"#,
            1.0,
        ),
        (
            r#"http_request_duration_seconds_count{method="GET",route="/proxy",status="502"}"#,
            1.0,
        ),
        (
            r#"http_errors_total{method="GET",route="/proxy",error="502"}"#,
            1.0,
        ),
    ]);
    assert_eq!(changed(app, &exposition, &requests).await, expected);
}

#[tokio::test]
async fn a_template_from_a_layer_outside_is_too_late_in_the_response() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics)
        .layer(middleware::map_response(|mut response: Response| async {
            let late = RouteTemplate::new("/late");
            response.extensions_mut().insert(late);
            response
        }));
    assert_eq!(
        changed(app, &exposition, &[("GET", "/users/7")]).await,
        counted([("GET", "/users/{id}", "200", 1.0)])
    );
}

#[tokio::test]
async fn the_in_flight_gauge_keeps_the_route_that_was_known_at_the_start() {
    let (metrics, exposition) = MetricsLayer::pair();
    let (held, mut running) = Held::new();
    let handler = |State(held): State<Held>| async move {
        held.wait().await;
        Extension(RouteTemplate::new("/renamed"))
    };
    let app = Router::new()
        .route("/users/{id}", get(handler))
        .layer(metrics)
        .with_state(held.clone());
    let address = serve(app).await;
    let gauge = r#"http_requests_in_flight{method="GET",route="/users/{id}"}"#;

    let requests = [("GET", "/users/1")];
    let clients = [(); 2].map(|()| tokio::spawn(async move { send(address, &requests).await }));
    running.recv().await.unwrap();
    running.recv().await.unwrap();
    assert_eq!(Scrape::of(&exposition).await.get(gauge), 2.0);

    held.go_on.add_permits(1);
    let one_left = || async { Scrape::of(&exposition).await.get(gauge) == 1.0 };
    until("one request in flight", one_left).await;
    let between = Scrape::of(&exposition).await;
    assert_eq!(
        between.since(&Scrape::default()),
        counted([("GET", "/renamed", "200", 1.0)])
            .into_iter()
            .chain([(String::from(gauge), 1.0)])
            .collect()
    );

    held.go_on.add_permits(1);
    for client in clients {
        client.await.unwrap();
    }
    let after = settled(&exposition).await;
    assert_eq!(
        after.since(&Scrape::default()),
        counted([("GET", "/renamed", "200", 2.0)])
    );
    let gauges = after.0.keys().filter(|series| series.contains("in_flight"));
    assert_eq!(gauges.collect::<Vec<_>>(), [gauge]);
}

#[tokio::test]
async fn layer_counts_what_matches_no_route_and_route_layer_does_not() {
    let requests = [("GET", "/users/7"), ("PUT", "/users/7"), ("GET", "/nope")];
    let routes = || Router::new().route("/users/{id}", get(|| async {}));

    let (metrics, exposition) = MetricsLayer::pair();
    assert_eq!(
        changed(routes().layer(metrics), &exposition, &requests).await,
        counted([
            ("GET", "/users/{id}", "200", 1.0),
            ("PUT", "/users/{id}", "405", 1.0),
            ("GET", "_unmatched", "404", 1.0),
        ])
    );

    let (metrics, exposition) = MetricsLayer::pair();
    assert_eq!(
        changed(routes().route_layer(metrics), &exposition, &requests).await,
        counted([
            ("GET", "/users/{id}", "200", 1.0),
            ("PUT", "/users/{id}", "405", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_layer_on_one_route_counts_that_one() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/one/{x}", get(|| async {}).layer(metrics))
        .route("/two/{x}", get(|| async {}));
    let requests = [("GET", "/one/1"), ("GET", "/two/1"), ("GET", "/nope")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([("GET", "/one/{x}", "200", 1.0)])
    );
}

#[tokio::test]
async fn around_a_whole_router_there_is_no_route() {
    let (metrics, exposition) = MetricsLayer::pair();
    let routes = Router::new().route("/users/{id}", get(|| async {}));
    let app = Router::new().fallback_service(metrics.layer(routes));
    let requests = [("GET", "/users/7"), ("GET", "/nope")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "_unmatched", "200", 1.0),
            ("GET", "_unmatched", "404", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_wrapped_router_is_served_as_the_service_that_it_is() {
    let (metrics, exposition) = MetricsLayer::pair();
    let routes = Router::new().route("/users/{id}", get(|| async { "hi" }));
    let service = tower::ServiceBuilder::new()
        // axum's own server wants axum's own body.
        .map_response(|response: http::Response<_>| response.map(axum::body::Body::new))
        .layer(metrics)
        .service(routes);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let make = axum::ServiceExt::<axum::extract::Request>::into_make_service(service);
    tokio::spawn(async move { axum::serve(listener, make).await.unwrap() });
    assert_eq!(send(address, &[("GET", "/users/7")]).await, [200]);
    assert_eq!(
        settled(&exposition).await.since(&Scrape::default()),
        counted([("GET", "_unmatched", "200", 1.0)])
    );
}

#[tokio::test]
async fn a_route_that_is_added_after_the_layer_is_not_counted() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/", get(|| async {}))
        .layer(metrics)
        .route_service("/metrics", exposition.clone());
    let requests = [
        ("GET", "/metrics"),
        ("GET", "/"),
        ("HEAD", "/metrics"),
        ("POST", "/metrics"),
    ];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([("GET", "/", "200", 1.0)])
    );
}

#[tokio::test]
async fn one_layer_on_two_ports_shares_its_counts() {
    let (metrics, exposition) = MetricsLayer::pair();
    let public = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics.clone());
    let private = Router::new()
        .route("/users/{id}", get(|| async {}))
        .route("/jobs", get(|| async {}))
        .layer(metrics);
    let (public, private) = (serve(public).await, serve(private).await);
    send(public, &[("GET", "/users/1"), ("GET", "/jobs")]).await;
    send(private, &[("GET", "/users/1"), ("GET", "/jobs")]).await;
    assert_eq!(
        settled(&exposition).await.since(&Scrape::default()),
        counted([
            ("GET", "/users/{id}", "200", 2.0),
            ("GET", "_unmatched", "404", 1.0),
            ("GET", "/jobs", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn several_layers_in_one_process_do_not_mix() {
    let layers: Vec<_> = (0..3).map(|_| MetricsLayer::pair()).collect();
    for (sent, (metrics, _)) in (1..).zip(&layers) {
        let app = Router::new()
            .route("/users/{id}", get(|| async {}))
            .layer(metrics.clone());
        send(serve(app).await, &vec![("GET", "/users/1"); sent]).await;
    }
    for (sent, (_, exposition)) in (1..).zip(&layers) {
        assert_eq!(
            settled(exposition).await.since(&Scrape::default()),
            counted([("GET", "/users/{id}", "200", f64::from(sent))])
        );
    }
}

#[tokio::test]
async fn two_layers_around_the_same_request_count_it_twice() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics.clone())
        .layer(metrics);
    assert_eq!(
        changed(app, &exposition, &[("GET", "/users/1")]).await,
        counted([("GET", "/users/{id}", "200", 2.0)])
    );
}

#[tokio::test]
async fn counts_stay_right_however_the_router_is_served() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "hi" }))
        .layer(metrics);
    let count = || async {
        let series = counted([("GET", "/users/{id}", "200", 0.0)]);
        let scrape = settled(&exposition).await;
        let counts = series.keys().map(|series| scrape.get(series));
        counts.collect::<Vec<_>>()
    };

    // axum applies the layer anew for each connection here,
    let address = serve(app.clone()).await;
    for _ in 0..10 {
        send(address, &[("GET", "/users/1"), ("GET", "/users/2")]).await;
    }
    assert_eq!(count().await, [20.0; 2]);

    // once for all of them here,
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let make = app.clone().into_make_service();
    tokio::spawn(async move { axum::serve(listener, make).await.unwrap() });
    for _ in 0..10 {
        send(address, &[("GET", "/users/1"), ("GET", "/users/2")]).await;
    }
    assert_eq!(count().await, [40.0; 2]);

    // and for each request here.
    for _ in 0..10 {
        let response = app.clone().oneshot(request("GET", "/users/3")).await;
        response.unwrap().into_body().collect().await.unwrap();
    }
    assert_eq!(count().await, [50.0; 2]);

    let mut ready = app.with_state::<()>(());
    for _ in 0..10 {
        let response = ready.call(request("GET", "/users/3")).await;
        response.unwrap().into_body().collect().await.unwrap();
    }
    assert_eq!(count().await, [60.0; 2]);
}

#[tokio::test]
async fn skip_matches_the_resolved_route_exactly() {
    let builder = MetricsLayer::builder().skip(["/healthz", "/users/{id}", "/orders/7"]);
    let (metrics, exposition) = builder.skip(["/jobs/{name}"]).pair().unwrap();
    let app = Router::new()
        .route("/healthz", get(|| async {}))
        .route("/healthz/", get(|| async {}))
        .route("/healthz/deep", get(|| async {}))
        .route("/users/{id}", get(|| async {}))
        .route("/orders/{id}", get(|| async {}))
        .route("/jobs/{id}", get(|| async {}))
        .layer(metrics);
    let requests = [
        ("GET", "/healthz"),
        ("HEAD", "/healthz"),
        ("DELETE", "/healthz"),
        ("GET", "/healthz?verbose"),
        ("GET", "/users/7"),
        ("GET", "/healthz/"),
        ("GET", "/healthz/deep"),
        ("GET", "/orders/7"),
        ("GET", "/jobs/7"),
    ];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([
            ("GET", "/healthz/", "200", 1.0),
            ("GET", "/healthz/deep", "200", 1.0),
            ("GET", "/orders/{id}", "200", 1.0),
            ("GET", "/jobs/{id}", "200", 1.0),
        ])
    );
}

#[tokio::test]
async fn a_skipped_request_touches_no_family_the_gauge_included() {
    let (metrics, exposition) = MetricsLayer::builder().skip(["/slow"]).pair().unwrap();
    let (held, mut running) = Held::new();
    let handler = |State(held): State<Held>| async move {
        held.wait().await;
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let app = Router::new()
        .route("/slow", get(handler))
        .layer(metrics)
        .with_state(held.clone());
    let address = serve(app).await;
    let client = tokio::spawn(async move { send(address, &[("GET", "/slow")]).await });
    running.recv().await.unwrap();
    assert_eq!(Scrape::of(&exposition).await, Scrape::default());
    held.go_on.add_permits(1);
    assert_eq!(client.await.unwrap(), [500]);
    assert_eq!(Scrape::of(&exposition).await, Scrape::default());
}

#[tokio::test]
async fn requests_that_match_no_route_can_be_skipped() {
    let builder = MetricsLayer::builder().skip(["_unmatched"]);
    let (metrics, exposition) = builder.pair().unwrap();
    let app = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(metrics);
    let requests = [("GET", "/nope"), ("GET", "/users/7"), ("BREW", "/nope")];
    assert_eq!(
        changed(app, &exposition, &requests).await,
        counted([("GET", "/users/{id}", "200", 1.0)])
    );
}

#[tokio::test]
async fn skip_goes_by_the_template_of_an_outer_layer_before_the_matched_path() {
    let requests = [("GET", "/users/7")];
    let app = |metrics: MetricsLayer| {
        Router::new()
            .route("/users/{id}", get(|| async {}))
            .layer(metrics)
            .layer(Extension(RouteTemplate::new("/outer")))
    };
    let builder = MetricsLayer::builder().skip(["/outer"]);
    let (metrics, exposition) = builder.pair().unwrap();
    let changes = changed(app(metrics), &exposition, &requests).await;
    assert_eq!(changes, counted([]));

    let builder = MetricsLayer::builder().skip(["/users/{id}"]);
    let (metrics, exposition) = builder.pair().unwrap();
    let changes = changed(app(metrics), &exposition, &requests).await;
    assert_eq!(changes, counted([("GET", "/outer", "200", 1.0)]));
}

#[tokio::test]
async fn a_template_in_the_response_does_not_bring_a_skipped_request_back() {
    let builder = MetricsLayer::builder().skip(["/healthz"]);
    let (metrics, exposition) = builder.pair().unwrap();
    let handler = || async { Extension(RouteTemplate::new("/counted")) };
    let app = Router::new().route("/healthz", get(handler)).layer(metrics);
    assert_eq!(
        changed(app, &exposition, &[("GET", "/healthz")]).await,
        counted([])
    );
}

#[tokio::test]
async fn a_template_in_the_response_does_not_skip_a_request_that_was_counted_at_its_start() {
    let builder = MetricsLayer::builder().skip(["/healthz"]);
    let (metrics, exposition) = builder.pair().unwrap();
    let handler = || async { Extension(RouteTemplate::new("/healthz")) };
    let app = Router::new().route("/probe", get(handler)).layer(metrics);
    send(serve(app).await, &[("GET", "/probe")]).await;
    let scrape = settled(&exposition).await;
    assert_eq!(
        scrape.since(&Scrape::default()),
        counted([("GET", "/healthz", "200", 1.0)])
    );
}

#[tokio::test]
async fn the_layer_takes_every_kind_of_router_and_leaves_its_answers_alone() {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route(
            "/state",
            get(|State(text): State<&'static str>| async move { text }),
        )
        .layer(metrics)
        .with_state("state");
    let mut sender = http1(serve(app).await).await;
    let response = sender.send_request(request("GET", "/state")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-length"], "5");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "state");
    assert_eq!(
        settled(&exposition).await.since(&Scrape::default()),
        counted([(Method::GET.as_str(), "/state", "200", 1.0)])
    );
}
