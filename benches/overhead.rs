//! Time per request and per scrape, of this crate alone. `benches/peers` has it side by side with others.
//!
//! Each figure of a request is for [`REQUESTS`] of them.

#[path = "support/calls.rs"]
mod calls;
#[path = "support/nothing.rs"]
mod nothing;
#[path = "support/router.rs"]
mod router;
#[path = "support/scrape.rs"]
mod scrape;
#[path = "support/serve.rs"]
mod serve;

use axum::{Router, body::Body};
use calls::{answer_call, drive_calls};
use divan::{Bencher, counter::ItemsCount};
use http::{Method, Request, Response, StatusCode};
use nothing::NothingLayer;
use router::{drive, routes, served, targets};
use scrape::scrape;
use serve::serve;
use std::convert::Infallible;
use tower::{Layer, Service, service_fn};
use tower_red::{Exposition, MetricsLayer, RouteTemplate};

const REQUESTS: usize = 1_000;
const THREADS: [usize; 2] = [1, 2];

fn main() {
    divan::main();
}

#[divan::bench(threads = THREADS)]
fn service_bare(bencher: Bencher<'_, '_>) {
    bench_service(bencher, &service_fn(answer));
}

#[divan::bench(threads = THREADS)]
fn service_with_nothing(bencher: Bencher<'_, '_>) {
    bench_service(bencher, &NothingLayer.layer(service_fn(answer)));
}

#[divan::bench(threads = THREADS)]
fn service_with_metrics(bencher: Bencher<'_, '_>) {
    bench_service(bencher, &MetricsLayer::pair().0.layer(service_fn(answer)));
}

#[divan::bench(threads = THREADS)]
fn router_bare(bencher: Bencher<'_, '_>) {
    bench_router(bencher, routes);
}

#[divan::bench(threads = THREADS)]
fn router_with_nothing(bencher: Bencher<'_, '_>) {
    bench_router(bencher, || routes().layer(NothingLayer));
}

#[divan::bench(threads = THREADS)]
fn router_with_metrics(bencher: Bencher<'_, '_>) {
    let (layer, _) = MetricsLayer::pair();
    bench_router(bencher, || routes().layer(layer.clone()));
}

#[divan::bench(threads = THREADS)]
fn call_bare(bencher: Bencher<'_, '_>) {
    bench_calls(bencher, &service_fn(answer_call));
}

#[divan::bench(threads = THREADS)]
fn call_with_nothing(bencher: Bencher<'_, '_>) {
    bench_calls(bencher, &NothingLayer.layer(service_fn(answer_call)));
}

#[divan::bench(threads = THREADS)]
fn call_with_metrics(bencher: Bencher<'_, '_>) {
    bench_calls(
        bencher,
        &MetricsLayer::pair().0.layer(service_fn(answer_call)),
    );
}

#[divan::bench(name = "scrape", args = [100, 1_000, 10_000])]
fn bench_scrape(bencher: Bencher<'_, '_>, label_sets: usize) {
    let exposition = exposition(label_sets);
    let scraped = bencher.counter(ItemsCount::new(label_sets));
    scraped.bench_local(|| scrape(&exposition));
}

fn bench_service<S, B>(bencher: Bencher<'_, '_>, service: &S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Sync,
    B: http_body::Body,
{
    bencher.counter(ItemsCount::new(REQUESTS)).bench(|| {
        for _ in 0..REQUESTS {
            serve(&mut service.clone(), Request::new(Body::empty()));
        }
    });
}

/// Unary gRPC calls.
fn bench_calls<S, B>(bencher: Bencher<'_, '_>, service: &S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Sync,
    B: http_body::Body,
{
    bencher
        .counter(ItemsCount::new(REQUESTS))
        .bench(|| drive_calls(service, REQUESTS));
}

/// Each thread has a router of its own, as each connection does when it is served. The layer is shared.
fn bench_router(bencher: Bencher<'_, '_>, router: impl Fn() -> Router + Sync) {
    let targets = targets();
    bencher
        .counter(ItemsCount::new(REQUESTS))
        .with_inputs(|| served(router()))
        .bench_refs(|router| drive(router, &targets, REQUESTS));
}

async fn answer(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("answer")))
}

/// An exposition of that many label sets: routes, two methods, five statuses.
fn exposition(label_sets: usize) -> Exposition {
    let builder = MetricsLayer::builder().max_label_sets(label_sets);
    let (layer, exposition) = builder.pair().unwrap();
    let mut service = layer.layer(service_fn(async |request: Request<Body>| {
        let status = *request.extensions().get::<StatusCode>().unwrap();
        let response = Response::builder().status(status);
        Ok::<_, Infallible>(response.body(Body::from("answer")).unwrap())
    }));
    for n in 0..label_sets {
        let route: &'static str = format!("/api/v1/resource{}/{{id}}", n / 10).leak();
        let mut request = Request::new(Body::empty());
        *request.method_mut() = if n % 2 == 0 {
            Method::GET
        } else {
            Method::POST
        };
        request.extensions_mut().insert(RouteTemplate::new(route));
        request.extensions_mut().insert(
            [
                StatusCode::OK,
                StatusCode::CREATED,
                StatusCode::NOT_FOUND,
                StatusCode::CONFLICT,
                StatusCode::BAD_GATEWAY,
            ][n / 2 % 5],
        );
        serve(&mut service, request);
    }
    exposition
}
