//! Where in an application the layer may stand, and what it sees there.

use super::{changed, counted, send};
use crate::support::{Scrape, http1, request, serve, settled};
use axum::{Router, extract::State, routing::get};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt};
use tower_red::MetricsLayer;

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
