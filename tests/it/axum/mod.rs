//! Routes as axum sees them, and where in an application the layer may stand.

mod routes_are_templates;
mod skipped_routes_are_not_recorded;
mod templates_overrule;
mod the_layer_stands_anywhere;

use crate::support::{http1, request, serve, settled};
use axum::Router;
use http_body_util::BodyExt;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::sync::{Semaphore, mpsc};
use tower_red::Exposition;

/// Sends one request after the other over one connection, and returns their statuses.
async fn send(address: SocketAddr, requests: &[(&str, &str)]) -> Vec<u16> {
    let mut sender = http1(address).await;
    let mut statuses = Vec::new();
    for (method, path) in requests {
        sender.ready().await.unwrap();
        let response = sender.send_request(request(method, path)).await.unwrap();
        statuses.push(response.status().as_u16());
        response.into_body().collect().await.unwrap();
    }
    statuses
}

/// What requests to a served application change in a scrape.
async fn changed(
    app: Router,
    exposition: &Exposition,
    requests: &[(&str, &str)],
) -> BTreeMap<String, f64> {
    let before = settled(exposition).await;
    let address = serve(app).await;
    send(address, requests).await;
    settled(exposition).await.since(&before)
}

/// What [`changed`] gives when so many requests of that method, route and status were counted, and no error.
fn counted<const N: usize>(expected: [(&str, &str, &str, f64); N]) -> BTreeMap<String, f64> {
    let families = ["http_requests_total", "http_request_duration_seconds_count"];
    let series = expected.iter().flat_map(|(method, route, status, count)| {
        let labels = format!(r#"{{method="{method}",route="{route}",status="{status}"}}"#);
        families.map(|family| (format!("{family}{labels}"), *count))
    });
    series.collect()
}

/// A handler that says when it runs, and goes on when it is told to.
#[derive(Clone)]
struct Held {
    runs: mpsc::UnboundedSender<()>,
    go_on: Arc<Semaphore>,
}

impl Held {
    fn new() -> (Self, mpsc::UnboundedReceiver<()>) {
        let (runs, running) = mpsc::unbounded_channel();
        let go_on = Arc::new(Semaphore::new(0));
        (Self { runs, go_on }, running)
    }

    async fn wait(&self) {
        self.runs.send(()).unwrap();
        self.go_on.acquire().await.unwrap().forget();
    }
}
