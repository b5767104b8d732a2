//! What is pushed is what a scrape shows, read by decoders that are not ours, and nothing of it is lost or doubled.

mod it_says_what_the_text_says;
mod said;

use crate::support::{CLASSIC, OPEN_METRICS, said::Said, text};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{Metric, metric::Data},
};
use prost::Message;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tower::{Service, service_fn};
use tower_red::{Exposition, OtlpBody, OtlpBuilder};

/// A request as it came.
#[derive(Clone, Debug)]
struct Received {
    head: Arc<http::request::Parts>,
    body: Bytes,
}

impl Received {
    async fn of(request: Request<OtlpBody>) -> Self {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let head = Arc::new(head);
        Self { head, body }
    }

    fn message(&self) -> ExportMetricsServiceRequest {
        ExportMetricsServiceRequest::decode(&*self.body).unwrap()
    }
}

/// A receiver in process, which takes everything.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Received>>>);

impl Receiver {
    fn client(
        &self,
    ) -> impl Service<
        Request<OtlpBody>,
        Response = Response<String>,
        Error = Infallible,
        Future: Send,
    > + Send
    + use<> {
        let received = Arc::clone(&self.0);
        service_fn(move |request| {
            let received = Arc::clone(&received);
            async move {
                let request = Received::of(request).await;
                received.lock().unwrap().push(request);
                Ok(Response::new(String::new()))
            }
        })
    }

    fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// What is sent in one export.
async fn push(exposition: &Exposition, builder: OtlpBuilder) -> Vec<Received> {
    let receiver = Receiver::default();
    let otlp = builder.client(receiver.client()).build(exposition).unwrap();
    otlp.run(async {}).await;
    receiver.take()
}

/// The metrics of requests, whatever resource they are of.
fn metrics(messages: &[ExportMetricsServiceRequest]) -> Vec<Metric> {
    let resources = messages.iter().flat_map(|it| &it.resource_metrics);
    let scopes = resources.flat_map(|it| &it.scope_metrics);
    scopes.flat_map(|it| it.metrics.clone()).collect()
}

async fn pushed(exposition: &Exposition) -> Vec<Metric> {
    let received = push(exposition, OtlpBuilder::default()).await;
    let messages: Vec<_> = received.iter().map(Received::message).collect();
    metrics(&messages)
}

/// Pushes and scrapes, and returns what both say alike. Time must be paused, or the metrics of the push differ.
async fn compare(exposition: &Exposition) -> (Said, Vec<Metric>) {
    let receiver = Receiver::default();
    let builder = OtlpBuilder::default().client(receiver.client());
    let otlp = builder.build(exposition).unwrap();
    let classic = text(exposition, CLASSIC).await;
    let open_metrics = text(exposition, OPEN_METRICS).await;
    otlp.run(async {}).await;
    let messages: Vec<_> = receiver.take().iter().map(Received::message).collect();
    let metrics = metrics(&messages);
    let said = Said::of_otlp(&metrics);
    assert_eq!(said, Said::of_text(&classic, &open_metrics));
    (said, metrics)
}

fn metric<'a>(metrics: &'a [Metric], name: &str) -> &'a Metric {
    let named: Vec<_> = metrics.iter().filter(|it| it.name == name).collect();
    let [metric] = *named else {
        panic!("{} metrics {name}", named.len());
    };
    metric
}
