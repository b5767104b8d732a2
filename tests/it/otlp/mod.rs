//! What is pushed is what a scrape shows, read by decoders that are not ours, and nothing of it is lost or doubled.

mod connections_are_encrypted_and_come_back;
mod failures_are_tried_again;
mod it_ends_with_a_last_export;
mod it_is_done_in_stretches;
mod it_is_sent_as_the_protocols_say;
mod it_says_what_the_text_says;
mod it_tells_of_itself;
mod receiver;
mod said;
mod variables_are_those_of_the_specification;

use self::receiver::{Received, Receiver, Reply};
use crate::support::{CLASSIC, OPEN_METRICS, said::Said, text};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{Metric, metric::Data},
};
use tower_red::{Exposition, OtlpBuilder};

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
