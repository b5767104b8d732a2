//! Routes that are declared as streams: what a dashboard shows of responses that nobody waits for.

use crate::support::{Scrape, ScriptedBody, Step, changes};
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use std::{convert::Infallible, future::ready, time::Duration};
use tower::{Layer, ServiceExt, service_fn};
use tower_red::{
    Buckets, Exposition, MetricsLayer, MetricsLayerBuilder, ResponseBody, RouteTemplate, TestClock,
};

const TAIL: RouteTemplate = RouteTemplate::new("/tail/{id}");

/// A layer around a service that answers at once, and then does what a script says.
struct Tailed {
    layer: MetricsLayer,
    exposition: Exposition,
    clock: TestClock,
}

impl Tailed {
    fn new(builder: MetricsLayerBuilder) -> Self {
        let clock = TestClock::new();
        let builder = builder.buckets(Buckets::custom([1.0]).unwrap());
        let (layer, exposition) = builder.clock(&clock).pair().unwrap();
        Self {
            layer,
            exposition,
            clock,
        }
    }

    /// A response whose head took a quarter of a second, and whose body an hour.
    async fn read(&self, steps: &[Step]) -> ResponseBody<ScriptedBody> {
        let clock = self.clock.clone();
        let body = std::cell::Cell::new(Some(ScriptedBody::new(steps)));
        let service = self.layer.layer(service_fn(move |_: Request<()>| {
            clock.advance(Duration::from_millis(250));
            let body = body.take().unwrap();
            ready(Ok::<_, Infallible>(Response::new(body)))
        }));
        let request = Request::get("/tail/7").extension(TAIL).body(()).unwrap();
        let mut body = service.oneshot(request).await.unwrap().into_body();
        self.clock.advance(Duration::from_secs(3_600));
        for _ in steps {
            // A script may say that it fails.
            let _ = body.frame().now_or_never().unwrap();
        }
        body
    }

    /// What it shows, but for buckets and what is zero.
    async fn has<const N: usize>(&self, expected: [(&str, f64); N]) {
        let mut shown = Scrape::of(&self.exposition).await.0;
        shown.retain(|series, value| *value != 0.0 && !series.contains("_bucket{"));
        assert_eq!(shown, changes(expected));
    }
}

fn server() -> MetricsLayerBuilder {
    MetricsLayer::builder()
}

const IN_FLIGHT: &str = r#"http_requests_in_flight{method="GET",route="/tail/{id}"}"#;
const REQUESTS: &str = r#"http_requests_total{method="GET",route="/tail/{id}",status="200"}"#;
const COUNT: &str =
    r#"http_request_duration_seconds_count{method="GET",route="/tail/{id}",status="200"}"#;
const SUM: &str =
    r#"http_request_duration_seconds_sum{method="GET",route="/tail/{id}",status="200"}"#;

#[tokio::test]
async fn duration_is_the_time_to_the_head_and_a_client_that_leaves_is_the_normal_end() {
    for declared in [&["/tail/{id}"][..], &["/tail/{id}", "/other"]] {
        let tailed = Tailed::new(server().streams(declared.iter().copied()));
        let body = tailed.read(&[Step::Data, Step::Data]).await;
        tailed.has([(IN_FLIGHT, 1.0)]).await;
        drop(body);
        tailed
            .has([(REQUESTS, 1.0), (COUNT, 1.0), (SUM, 0.25)])
            .await;
    }
}

#[tokio::test]
async fn a_stream_that_its_server_ends_is_counted_alike() {
    let tailed = Tailed::new(server().streams(["/tail/{id}"]));
    drop(tailed.read(&[Step::Data, Step::End]).await);
    tailed
        .has([(REQUESTS, 1.0), (COUNT, 1.0), (SUM, 0.25)])
        .await;
}

#[tokio::test]
async fn a_body_that_fails_is_an_error_of_the_stream() {
    let tailed = Tailed::new(server().streams(["/tail/{id}"]));
    drop(tailed.read(&[Step::Data, Step::Error]).await);
    let error = r#"http_errors_total{method="GET",route="/tail/{id}",error="body"}"#;
    tailed
        .has([(REQUESTS, 1.0), (COUNT, 1.0), (SUM, 0.25), (error, 1.0)])
        .await;
}

#[tokio::test]
async fn an_outgoing_request_may_be_a_stream_too() {
    let tailed = Tailed::new(server().client().streams(["/tail/{id}"]));
    drop(tailed.read(&[Step::Data]).await);
    let client = |series: &str| series.replace("http_", "http_client_");
    tailed
        .has([
            (&client(REQUESTS), 1.0),
            (&client(COUNT), 1.0),
            (&client(SUM), 0.25),
        ])
        .await;
}

#[tokio::test]
async fn a_route_that_is_not_declared_is_no_stream() {
    for declared in [&[][..], &["/tail", "/tail/7", "/tail/{other}"]] {
        let tailed = Tailed::new(server().streams(declared.iter().copied()));
        let body = tailed.read(&[Step::Data]).await;
        tailed.has([(IN_FLIGHT, 1.0)]).await;
        drop(body);
        let cancelled =
            r#"http_requests_cancelled_total{method="GET",route="/tail/{id}",phase="body"}"#;
        tailed
            .has([
                (REQUESTS, 1.0),
                (COUNT, 1.0),
                (SUM, 3_600.25),
                (cancelled, 1.0),
            ])
            .await;
    }
}
