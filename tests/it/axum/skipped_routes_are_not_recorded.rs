//! What is skipped is in no family.

use super::{Held, changed, counted, send};
use crate::support::{Scrape, serve, settled};
use axum::{Extension, Router, extract::State, routing::get};
use http::StatusCode;
use tower_red::{MetricsLayer, RouteTemplate};

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
