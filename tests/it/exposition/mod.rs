//! What a scrape says, to the letter: both dialects, the layer's families and those of the user's registry.

mod every_scrape_fits_together;
mod formats_are_exact;
mod formats_are_negotiated;
mod malformed_families_are_refused;
mod names_are_unique;
mod registries_are_included;

use crate::support::{Ending, TestLayer, two_buckets};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use std::time::Duration;
use tower::ServiceExt;
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, RouteTemplate};

const USERS: RouteTemplate = RouteTemplate::new("/users/{id}");

type Labels = Vec<(&'static str, &'static str)>;

impl TestLayer<()> {
    /// One request from its start to its end: half of the time before the head, half of it after.
    async fn drive(&self, method: Method, route: RouteTemplate, millis: u64, ending: Ending) {
        let half = Duration::from_millis(millis) / 2;
        let request = Request::builder().method(method).extension(route);
        let request = request.body(()).unwrap();
        self.send(request, (half, half), ending).await;
    }

    /// Requests with every ending.
    async fn drive_all(&self) {
        for (millis, ending) in [
            (50, Ending::Answer(200)),
            (1_000, Ending::Answer(200)),
            (250, Ending::Answer(500)),
            (2_000, Ending::LeftBeforeHead),
            (100, Ending::LeftInBody),
        ] {
            self.drive(Method::GET, USERS, millis, ending).await;
        }
        for (millis, ending) in [(4, Ending::BodyFails), (500, Ending::ServiceFails)] {
            self.drive(Method::POST, USERS, millis, ending).await;
        }
    }
}

fn small_buckets() -> MetricsLayerBuilder {
    MetricsLayer::builder().buckets(two_buckets())
}

/// Scrapes, and returns the status and the body.
async fn scrape(exposition: &Exposition) -> (StatusCode, String) {
    let response = exposition.clone().oneshot(Request::new(())).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).unwrap())
}

fn refused(message: &str) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{message}\n"))
}
