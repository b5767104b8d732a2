//! The endpoint in protobuf: it says what the text says, read by a decoder that is not ours.

mod client;
mod it_is_for_who_asks;
mod it_says_what_the_text_says;
mod native_histograms_are_beside_the_classic;
mod said;

pub(crate) use self::said::Said;
use crate::support::{CLASSIC, OPEN_METRICS, TestLayer, text};
use http::{Request, Response};
use http_body_util::BodyExt;
use prost::Message;
use std::{future::Future, time::Duration};
use tower::ServiceExt;
use tower_red::{Exposition, ExpositionBody, MetricsLayerBuilder, RouteTemplate};

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

impl TestLayer {
    /// A request that takes so long and gets that status.
    fn take(&self, duration: Duration, route: &'static str, status: u16) {
        let request = Request::get("/").extension(RouteTemplate::new(route));
        let response = Response::builder().status(status).body(String::new());
        self.respond_after(duration, request.body(()).unwrap(), response.unwrap());
    }

    /// A request whose response does not come.
    fn start(&self, route: &'static str) -> impl Future + use<> {
        let request = Request::put("/").extension(RouteTemplate::new(route));
        self.never(request.body(()).unwrap())
    }

    /// One of each ending, and one that goes on.
    fn take_some(&self) -> impl Future + use<> {
        for (millis, status) in [(0, 200), (3, 200), (70, 404), (2_500, 500), (60_000, 503)] {
            let duration = Duration::from_millis(millis);
            self.take(duration, "/users/{id}", status);
            self.take(duration, "/\"a\\b\nc\u{e9}\u{1f980}\"", status);
        }
        drop(self.start("/users/{id}"));
        self.start("/users/{id}")
    }
}

fn hostile(builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
    builder
        .constant_label("zone", "a\"b\\c\nd\u{e9}")
        .constant_label("empty", "")
        .namespace("shop")
}

type Pairs = Vec<(String, String)>;

fn owned(pairs: &[(&str, &str)]) -> Pairs {
    let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
    pairs.iter().map(owned).collect()
}
