//! A served axum router, and the requests to it.

use super::serve::serve;
use axum::{
    Router,
    body::Body,
    extract::Path,
    routing::{get, post},
};
use http::{Method, Request};

/// Thirty routes, two methods each.
const RESOURCES: usize = 15;

/// The router that all contenders are added to.
pub(crate) fn routes() -> Router {
    (0..RESOURCES).fold(Router::new(), |router, n| {
        let item = |Path(id): Path<u32>| async move { format!("item {id}") };
        router
            .route(
                &format!("/resource{n}"),
                get(|| async { "all" }).post(|| async { "made" }),
            )
            .route(&format!("/resource{n}/{{id}}"), get(item).merge(post(item)))
    })
}

/// The router as it is once it is served: with its layers applied.
pub(crate) fn served(router: Router) -> Router {
    router.with_state(())
}

/// Paths and methods that the routes match, mixed.
pub(crate) fn targets() -> Vec<(Method, String)> {
    (0..4 * RESOURCES)
        .map(|n| {
            let resource = n * 7 % RESOURCES;
            let method = if n % 3 == 0 {
                Method::POST
            } else {
                Method::GET
            };
            let path = match n % 2 {
                0 => format!("/resource{resource}"),
                _ => format!("/resource{resource}/{n}"),
            };
            (method, path)
        })
        .collect()
}

/// Sends that many requests, each served by a clone as hyper does it.
pub(crate) fn drive(router: &Router, targets: &[(Method, String)], requests: usize) {
    for (method, path) in targets.iter().cycle().take(requests) {
        let request = Request::builder().method(method).uri(path.as_str());
        serve(&mut router.clone(), request.body(Body::empty()).unwrap());
    }
}
