//! A route is the template that a router matched.

use super::{changed, counted};
use crate::support::{Body, Scrape, http2, serve, settled};
use axum::{
    Router,
    response::Response,
    routing::{any, get, post},
};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use std::convert::Infallible;
use tower_red::MetricsLayer;

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
