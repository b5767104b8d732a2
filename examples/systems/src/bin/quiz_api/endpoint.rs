use axum::{
    BoxError, Router,
    body::Body,
    error_handling::HandleErrorLayer,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any_service,
};
use std::{env, hint::black_box, sync::Arc, time::Duration};
use tower::{ServiceBuilder, load_shed::error::Overloaded};
use tower_http::validate_request::{ValidateRequest, ValidateRequestHeaderLayer};
use tower_red::Exposition;

/// Scrapes a minute. Prometheus needs four.
const A_MINUTE: u64 = 60;

/// The endpoint and the page, for whom knows a secret. If metrics are not to be pulled, both answer 503.
pub(crate) fn endpoint(exposition: &Exposition, pull: bool) -> Router {
    let exposition = match pull {
        true => exposition.clone(),
        false => Exposition::disabled(),
    };
    // The page asks every few seconds, and must not use up what is meant for Prometheus.
    let page = any_service(exposition.page());
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(refuse))
        .buffer(16)
        .load_shed()
        .rate_limit(A_MINUTE, Duration::from_secs(60));
    let endpoint = any_service(exposition.instrumented()).layer(limits);
    // Outside of the limit: strangers do not use it up.
    Router::new()
        .route("/v1/metrics", endpoint)
        .route("/red", page)
        .route_layer(ValidateRequestHeaderLayer::custom(Guard::from_env()))
}

/// Too many scrapes, all together.
async fn refuse(error: BoxError) -> (StatusCode, &'static str) {
    match error.is::<Overloaded>() {
        true => (StatusCode::TOO_MANY_REQUESTS, "60 scrapes a minute\n"),
        false => (StatusCode::INTERNAL_SERVER_ERROR, "no scrape\n"),
    }
}

/// Lets requests through that have one of these values of `Authorization`. If there is none, all of them: the example
/// listens on this machine alone.
#[derive(Clone)]
struct Guard {
    known: Arc<[String]>,
}

impl Guard {
    /// `METRICS_TOKEN` is a bearer's. `METRICS_BASIC` is a user and a password as clients send them, in base 64.
    fn from_env() -> Self {
        let schemes = [("Bearer", "METRICS_TOKEN"), ("Basic", "METRICS_BASIC")];
        let secrets = schemes.map(|(scheme, variable)| {
            let secret = env::var(variable).ok().filter(|secret| !secret.is_empty());
            secret.map(|secret| format!("{scheme} {secret}"))
        });
        Self {
            known: secrets.into_iter().flatten().collect(),
        }
    }
}

impl<B> ValidateRequest<B> for Guard {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response> {
        let given = request.headers().get(header::AUTHORIZATION);
        let given = given.map_or(&[][..], |given| given.as_bytes());
        let is_known = self.known.iter().any(|known| same(given, known.as_bytes()));
        if is_known || self.known.is_empty() {
            return Ok(());
        }
        let challenge = [(header::WWW_AUTHENTICATE, r#"Basic realm="metrics""#)];
        Err((StatusCode::UNAUTHORIZED, challenge, "who are you?\n").into_response())
    }
}

/// In a time that does not tell how much of it is right.
fn same(a: &[u8], b: &[u8]) -> bool {
    let different = a
        .iter()
        .zip(b)
        .fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    a.len() == b.len() && different == 0
}
