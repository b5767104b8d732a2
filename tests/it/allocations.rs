//! What a request costs the allocator: beyond a layer that wraps all and does nothing, nothing.
#[path = "../../benches/support/mod.rs"]
mod bench;

use self::bench::{NothingLayer, drive, routes, serve, served, targets};
use allocation_counter::{AllocationInfo, measure};
use axum::{Router, body::Body};
use http::{Request, Response};
use std::convert::Infallible;
use tower::{Layer, service_fn};
use tower_red::MetricsLayer;

/// Of requests to a router that has seen them before.
fn steady(router: Router) -> AllocationInfo {
    let (router, targets) = (served(router), targets());
    drive(&router, &targets, targets.len());
    measure(|| drive(&router, &targets, 10 * targets.len()))
}

#[test]
fn a_request_allocates_no_more_often_than_with_a_layer_that_does_nothing() {
    let nothing = steady(routes().layer(NothingLayer));
    let layer = steady(routes().layer(MetricsLayer::pair().0));
    assert_eq!(layer.count_total, nothing.count_total);
}

#[test]
fn around_a_plain_service_a_request_allocates_nothing() {
    let (layer, _) = MetricsLayer::pair();
    let answer = |_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) };
    let mut service = layer.layer(service_fn(answer));
    let mut requests = (0..100).map(|_| Request::new(Body::empty()));
    serve(&mut service, requests.next().unwrap());
    let requests: Vec<_> = requests.collect();
    let allocated = measure(|| {
        for request in requests {
            serve(&mut service, request);
        }
    });
    // What axum takes for the empty bodies themselves.
    let bodies = measure(|| (0..99).for_each(|_| drop(Response::new(Body::empty()))));
    assert_eq!(allocated.count_total, bodies.count_total);
}

#[test]
fn applying_and_cloning_a_layer_allocate_nothing() {
    let (layer, _) = MetricsLayer::pair();
    let service = layer.layer(());
    let allocated = measure(|| {
        for _ in 0..10 {
            let _ = (layer.clone().layer(()), service.clone());
        }
    });
    assert_eq!(allocated.count_total, 0);
}
