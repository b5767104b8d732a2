//! A layer that is switched off: the same types, which do nothing, beside an endpoint that answers 503.

use crate::support::{Body, Scrape};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tower::{Layer, ServiceExt, service_fn};
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder};

fn switched_off() -> MetricsLayerBuilder {
    MetricsLayer::builder().enabled(false)
}

/// A registry with a metric of the user's own.
fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    registry
}

/// The body of the answer to a request that passes the layer.
async fn answer(layer: &MetricsLayer) -> String {
    let service = layer.layer(service_fn(|request: Request<String>| {
        let body = Body::from(format!("to {}", request.body()));
        ready(Ok::<_, Infallible>(Response::new(body)))
    }));
    let response = service.oneshot(Request::new(String::from("you"))).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().into()).unwrap()
}

async fn status(exposition: &Exposition, method: Method) -> u16 {
    let request = Request::builder().method(method).body(()).unwrap();
    let response = exposition.clone().oneshot(request).await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn requests_pass_and_the_endpoint_answers_503() {
    let (layer, exposition) = switched_off().pair().unwrap();
    assert_eq!(answer(&layer).await, "to you");
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(status(&exposition, method).await, 503);
    }
}

#[tokio::test]
async fn the_endpoint_answers_503_for_a_registry_of_the_users_own_too() {
    let (layer, exposition) = switched_off().registry(registry()).pair().unwrap();
    assert_eq!(answer(&layer).await, "to you");
    let response = exposition.oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 503);
    let text = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(text, "metrics are disabled\n");
}

#[tokio::test]
async fn a_registry_that_it_is_registered_with_exposes_what_it_did_before() {
    let mut registry = registry();
    let (first, second) = (
        switched_off().register(&mut registry).unwrap(),
        switched_off().register(&mut registry).unwrap(),
    );
    for layer in [&first, &second] {
        assert_eq!(answer(layer).await, "to you");
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert_eq!(
        text,
        "# HELP jobs Jobs done.\n# TYPE jobs counter\njobs_total 0\n# EOF\n"
    );
}

#[tokio::test]
async fn the_last_call_decides_and_without_one_it_is_on() {
    for builder in [
        MetricsLayer::builder(),
        switched_off().enabled(true),
        MetricsLayer::builder().enabled(true),
    ] {
        let (layer, exposition) = builder.pair().unwrap();
        answer(&layer).await;
        let scrape = Scrape::of(&exposition).await;
        assert_eq!(scrape.sum("http_requests_total"), 1.0);
    }
}

#[tokio::test]
async fn no_request_is_asked_for_its_trace() {
    for enabled in [true, false] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let builder = MetricsLayer::builder().exemplar(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            None
        });
        let (layer, _exposition) = builder.enabled(enabled).pair().unwrap();
        answer(&layer).await;
        assert_eq!(asked.load(Ordering::Relaxed), usize::from(enabled));
    }
}
