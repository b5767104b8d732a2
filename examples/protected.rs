//! Metrics for who knows a secret: a bearer token for one path, a user and a password for the other.
//!
//! `METRICS_TOKEN=secret cargo run --example protected`, then what it says. `METRICS_BASIC` is the user and the
//! password as clients send them: `printf prometheus:secret | base64`. A path whose secret is not set answers
//! 503. `PORT` sets the port: 3002 by default, 0 for a free one.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any_service, get},
};
use std::{env, error::Error, hint::black_box, net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;
use tower_http::validate_request::{ValidateRequest, ValidateRequestHeaderLayer};
use tower_red::{Exposition, MetricsLayer};

/// Lets requests through that have `Authorization: <scheme> <secret>`.
///
/// tower-http's own `bearer` and `basic` are deprecated. They also compare in a time that tells how much of the secret
/// was right, and the 401 of `bearer` does not say what to send. Its layer for a check of one's own is not.
#[derive(Clone)]
struct Guard {
    scheme: &'static str,
    secret: Arc<str>,
}

impl<B> ValidateRequest<B> for Guard {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response> {
        let given = request.headers().get(header::AUTHORIZATION);
        let given = given.and_then(|given| given.to_str().ok()?.split_once(' '));
        let known = given.is_some_and(|(scheme, secret)| {
            scheme.eq_ignore_ascii_case(self.scheme) && same(secret, &self.secret)
        });
        if known {
            return Ok(());
        }
        let challenge = format!(r#"{} realm="metrics""#, self.scheme);
        let challenge = [(header::WWW_AUTHENTICATE, challenge)];
        Err((StatusCode::UNAUTHORIZED, challenge, "who are you?\n").into_response())
    }
}

/// In a time that tells the length, and not where they differ, as far as a compiler takes hints. The crate `subtle`
/// is for who needs more than that.
fn same(a: &str, b: &str) -> bool {
    let pairs = a.bytes().zip(b.bytes());
    let different = pairs.fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    a.len() == b.len() && different == 0
}

/// The endpoint behind the secret of that variable.
fn endpoint(exposition: &Exposition, scheme: &'static str, variable: &str) -> MethodRouter {
    match env::var(variable) {
        Ok(secret) if !secret.is_empty() => {
            let secret = secret.into();
            let guard = ValidateRequestHeaderLayer::custom(Guard { scheme, secret });
            any_service(exposition.clone()).layer(guard)
        }
        // A secret that was forgotten opens nothing, and who scrapes is told.
        _ => any_service(Exposition::disabled()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (metrics, exposition) = MetricsLayer::pair();
    let app = Router::new()
        .route("/users/{id}", get(|| async { "a user\n" }))
        .layer(metrics)
        // After the layer: neither scrapes nor those who guess are counted.
        .route("/metrics", endpoint(&exposition, "Bearer", "METRICS_TOKEN"))
        .route(
            "/v1/metrics",
            endpoint(&exposition, "Basic", "METRICS_BASIC"),
        );

    let port = env::var("PORT").map_or(Ok(3002), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try   curl -H 'authorization: Bearer secret' http://{address}/metrics");
    // Without TLS who listens in learns the secret: beyond one's own machine there has to be some.
    Ok(axum::serve(listener, app).await?)
}
