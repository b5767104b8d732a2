use crate::{
    contenders::Middleware,
    support::{serve, served},
};
use axum::{Extension, Router, body::Body, routing::get};
use http::{Method, Request, StatusCode};

const METHODS: [Method; 2] = [Method::GET, Method::POST];
const STATUSES: [StatusCode; 5] = [
    StatusCode::OK,
    StatusCode::CREATED,
    StatusCode::NOT_FOUND,
    StatusCode::CONFLICT,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// A router that can make a contender count under so many label sets: routes, methods, statuses.
pub(super) struct LabelSets {
    router: Router,
    routes: usize,
}

impl LabelSets {
    pub(super) fn new(middleware: &dyn Middleware, label_sets: usize) -> Self {
        let routes = label_sets / (METHODS.len() * STATUSES.len());
        let answer = |Extension(status): Extension<StatusCode>| async move { status };
        let router = (0..routes).fold(Router::new(), |router, n| {
            router.route(
                &format!("/api/v1/resource{n}/{{id}}"),
                get(answer).post(answer),
            )
        });
        Self {
            router: served(middleware.add_to(router)),
            routes,
        }
    }

    /// Sends a request for each label set.
    pub(super) fn touch(&self) {
        for n in 0..self.routes {
            for method in &METHODS {
                for status in STATUSES {
                    let request = Request::builder()
                        .method(method)
                        .uri(format!("/api/v1/resource{n}/7"))
                        .extension(status)
                        .body(Body::empty());
                    serve(&mut self.router.clone(), request.expect("a request"));
                }
            }
        }
    }

    /// A contender that folds label sets would compare well for the wrong reason.
    pub(super) fn check(&self, text: &str) {
        let histograms = text
            .lines()
            .filter(|line| line.contains("duration_seconds_count{"))
            .count();
        assert_eq!(histograms, self.routes * METHODS.len() * STATUSES.len());
    }
}
