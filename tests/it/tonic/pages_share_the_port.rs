//! Beside plain HTTP.

use crate::support::{
    self, Scrape, complete as plain,
    grpc::complete,
    grpc_service::{ANSWER, Orders, Served},
    request, serve, settled,
};
use axum::{Router, routing::any};
use http::Request;
use http_body_util::BodyExt;
use tonic::service::Routes;
use tower_red::MetricsLayer;

/// The service beside the pages of an ordinary application.
fn with_pages(pages: Router) -> Router {
    Routes::new(Orders).into_axum_router().merge(pages)
}

/// What a client's header says alone is not enough: neither of a page, nor of what there is no page for.
#[tokio::test]
async fn calls_and_pages_on_one_port_are_told_apart_and_scraped_there() {
    let (metrics, exposition) = MetricsLayer::pair();
    let pages = Router::new()
        .route("/", any(|| async { "a page" }))
        .route("/users/{id}", any(|| async { "a user" }));
    let app = with_pages(pages).layer(metrics);
    let address = serve(app.route_service("/metrics", exposition.clone())).await;
    let served = Served {
        address,
        exposition,
    };
    served.prove().await;

    served
        .counts(complete(ANSWER, "200", "OK"), async |mut client| {
            client.unary(ANSWER, "").await.unwrap();
        })
        .await;
    for (path, route) in [("/", "/"), ("/users/7", "/users/{id}")] {
        served
            .counts(plain("GET", route, "200"), async |_| {
                send(support::http1(address).await, request("GET", path)).await;
            })
            .await;
        served
            .counts(plain("POST", route, "200"), async |_| {
                let mut request = request("POST", &format!("http://{address}{path}"));
                let grpc = "application/grpc".parse().unwrap();
                request.headers_mut().insert("content-type", grpc);
                send2(support::http2(address).await, request).await;
            })
            .await;
        // And in spite of all that a tonic client says and makes of the answer.
        served
            .counts(plain("POST", route, "200"), async |mut client| {
                client.unary(path, "").await.unwrap_err();
            })
            .await;
    }
    // tonic's routes bring their fallback with them: it answers as gRPC, whoever asks.
    served
        .counts(plain("GET", "_unmatched", "200"), async |_| {
            send(support::http1(address).await, request("GET", "/nothing")).await;
        })
        .await;

    let scraped = send(support::http1(address).await, request("GET", "/metrics")).await;
    let scraped = Scrape::parse(&scraped);
    let here = settled(&served.exposition).await;
    assert_eq!(
        scraped.since(&Scrape::default()),
        here.since(&Scrape::default())
    );
    let answers = r#"{method="POST",route="/shop.Orders/Answer",status="200",grpc_status="OK"}"#;
    assert_eq!(scraped.get(&format!("http_requests_total{answers}")), 2.0);
}

async fn send(
    mut client: hyper::client::conn::http1::SendRequest<support::Body>,
    request: Request<support::Body>,
) -> String {
    let response = client.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

async fn send2(
    mut client: hyper::client::conn::http2::SendRequest<support::Body>,
    request: Request<support::Body>,
) {
    let response = client.send_request(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}
