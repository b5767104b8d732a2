//! The endpoint in protobuf: it says what the text says, read by a decoder that is not ours.

mod client;
mod it_is_for_who_asks;
mod it_says_what_the_text_says;
mod native_histograms_are_beside_the_classic;
mod said;

pub(crate) use crate::support::said::Said;
use crate::support::{CLASSIC, OPEN_METRICS, text};
use http::{Request, Response};
use http_body_util::BodyExt;
use prost::Message;
use tower::ServiceExt;
use tower_red::{Exposition, ExpositionBody};

/// As Prometheus asks with native histograms on.
const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

async fn answer(exposition: &Exposition, accept: &str) -> Response<ExpositionBody> {
    let request = Request::get("/metrics").header("accept", accept).body(());
    let scrape = exposition.clone().oneshot(request.unwrap());
    scrape.await.unwrap()
}

fn decode(mut bytes: &[u8]) -> Vec<client::MetricFamily> {
    let mut families = Vec::new();
    while !bytes.is_empty() {
        families.push(client::MetricFamily::decode_length_delimited(&mut bytes).unwrap());
    }
    families
}

async fn scrape(exposition: &Exposition) -> Vec<client::MetricFamily> {
    let response = answer(exposition, PROTOBUF).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    );
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    decode(&bytes)
}

/// Scrapes in all formats, and returns what they say alike.
pub(crate) async fn compare(exposition: &Exposition) -> (Said, Vec<client::MetricFamily>) {
    let classic = text(exposition, CLASSIC).await;
    let open_metrics = text(exposition, OPEN_METRICS).await;
    let families = scrape(exposition).await;
    let said = Said::of_protobuf(&families);
    assert_eq!(said, Said::of_text(&classic, &open_metrics));
    (said, families)
}
