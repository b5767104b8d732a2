//! In flight, and how long.

use super::{PROTOCOLS, Server, answers, handed};
use crate::support::{Scrape, ScriptedBody, Step::Data, complete, times};
use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{any, get},
};
use bytes::Bytes;
use http_body_util::{BodyExt, channel::Channel};
use std::{future::pending, time::Duration};
use tower_red::{MetricsLayer, RouteTemplate};

#[tokio::test]
async fn a_response_overrules_the_route_but_not_where_the_request_is_in_flight() {
    const START: &str = r#"http_requests_in_flight{method="GET",route="/files/{name}"}"#;
    const OTHER: &str = r#"http_requests_in_flight{method="GET",route="/other"}"#;
    for protocol in PROTOCOLS {
        let (answer, files) = handed();
        let (answer_other, other) = handed();
        let app = Router::new()
            .route("/files/{name}", files)
            .route("/other", other);
        let server = Server::new(app).await;
        let gauges = async || {
            let scrape = Scrape::of(&server.exposition).await;
            (scrape.get(START), scrape.get(OTHER))
        };

        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/files/1").await;
        server.in_flight(1.0).await;
        assert_eq!(gauges().await, (1.0, 0.0));
        // One that did start where the other one will end.
        let mut client = server.client(protocol).await;
        let response_other = client.start("GET", "/other").await;
        server.in_flight(2.0).await;
        assert_eq!(gauges().await, (1.0, 1.0));

        let (mut body, channel) = Channel::<Bytes>::new(1);
        let mut head = Response::new(Body::new(channel));
        head.extensions_mut().insert(RouteTemplate::new("/other"));
        answer.send(head).unwrap();
        let response = response.await.unwrap();
        body.send_data("data".into()).await.unwrap();
        assert_eq!(gauges().await, (1.0, 1.0), "{protocol:?}: until its end");

        drop(body);
        response.into_body().collect().await.unwrap();
        server.in_flight(1.0).await;
        assert_eq!(gauges().await, (0.0, 1.0), "{protocol:?}");

        answer_other.send(Response::default()).unwrap();
        response_other.await.unwrap();
        let expected = times(2.0, complete("GET", "/other", "200"));
        assert_eq!(server.all().await, expected, "{protocol:?}");
        assert_eq!(gauges().await, (0.0, 0.0), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_streamed_response_lasts_from_its_call_to_the_end_of_its_body() {
    for protocol in PROTOCOLS {
        let (answer, route) = handed();
        let (server, clock) = Server::clocked(
            MetricsLayer::builder(),
            Router::new().route("/stream", route),
        )
        .await;
        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/stream").await;
        server.in_flight(1.0).await;
        clock.advance(Duration::from_millis(100));

        let (mut body, channel) = Channel::<Bytes>::new(1);
        answer.send(Response::new(Body::new(channel))).unwrap();
        let mut response = response.await.unwrap().into_body();
        clock.advance(Duration::from_millis(50));
        body.send_data("data".into()).await.unwrap();
        response.frame().await.unwrap().unwrap();
        clock.advance(Duration::from_millis(100));

        drop(body);
        response.collect().await.unwrap();
        // A bound is inside of its bucket.
        server.lasted("/stream", "200", 0.25, ("0.1", "0.25")).await;
    }
}

#[tokio::test]
async fn a_cancelled_request_lasts_until_it_is_dropped() {
    for protocol in PROTOCOLS {
        let (server, clock) = Server::clocked(
            MetricsLayer::builder(),
            Router::new()
                .route("/never", get(pending::<()>))
                .route("/endless", answers(200, &[Data])),
        )
        .await;
        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/never").await;
        server.in_flight(1.0).await;
        clock.advance(Duration::from_millis(60));
        drop((client, response));
        server
            .lasted("/never", "499", 0.06, ("0.05", "0.075"))
            .await;

        let mut client = server.client(protocol).await;
        let response = client.send("GET", "/endless").await.unwrap();
        clock.advance(Duration::from_secs(20));
        drop((client, response));
        server
            .lasted("/endless", "200", 20.0, ("10.0", "+Inf"))
            .await;
    }
}

#[tokio::test]
async fn a_response_that_ends_with_its_head_lasts_until_its_head() {
    for protocol in PROTOCOLS {
        let (answer, route) = handed();
        let (server, clock) = Server::clocked(
            MetricsLayer::builder(),
            Router::new().route("/stream", any(route)),
        )
        .await;
        let mut client = server.client(protocol).await;
        let response = client.start("GET", "/stream").await;
        server.in_flight(1.0).await;
        clock.advance(Duration::from_millis(80));
        let head = Response::builder().status(204);
        answer
            .send(head.body(Body::new(ScriptedBody::new(&[Data]))).unwrap())
            .unwrap();
        let response = response.await.unwrap();
        clock.advance(Duration::from_secs(1));
        drop(response);
        server
            .lasted("/stream", "204", 0.08, ("0.075", "0.1"))
            .await;
    }
}
