//! A template that a layer or a handler gives comes before what a router matched.

use super::{Held, changed, counted, send};
use crate::support::{Scrape, changes, serve, settled, until};
use axum::{Extension, Router, extract::State, middleware, response::Response, routing::get};
use http::StatusCode;
use tower_red::{MetricsLayer, RouteTemplate};

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
