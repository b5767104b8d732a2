//! A scrape is prepared and written in short stretches of work, on any runtime or none.

use futures_util::FutureExt;
use http::{Method, Request, Response};
use http_body::Body;
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use tower::{Layer, Service, service_fn};
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, NativeHistogram, RouteTemplate};

/// A layer that has seen a request of each of so many label sets.
fn exposition(builder: MetricsLayerBuilder, label_sets: usize) -> (MetricsLayer, Exposition) {
    let builder = builder.max_label_sets(label_sets + 1);
    let (layer, exposition) = builder.pair().unwrap();
    drive(&layer, 0, label_sets);
    (layer, exposition)
}

fn drive(layer: &MetricsLayer, from: usize, to: usize) {
    let mut service = layer.layer(service_fn(|request: Request<()>| async move {
        let status = request.extensions().get::<u16>().copied().unwrap_or(200);
        let response = Response::builder().status(status).body(String::new());
        Ok::<_, Infallible>(response.unwrap())
    }));
    for n in from..to {
        let template = Box::leak(format!("/resource{}/{{id}}", n / 100).into_boxed_str());
        let request = Request::builder()
            .method([Method::GET, Method::POST][n / 50 % 2].clone())
            .extension(RouteTemplate::new(template))
            .extension(200 + (n % 50) as u16);
        let response = service.call(request.body(()).unwrap()).now_or_never();
        drop(response.expect("an answer").unwrap());
    }
}

/// How many stretches a scrape took up to its head and after it, and what it says. Whoever calls it is its runtime.
fn scrape(exposition: &Exposition, accept: &str) -> (usize, usize, Vec<u8>) {
    let mut cx = Context::from_waker(Waker::noop());
    let request = Request::get("/").header("accept", accept).body(());
    let mut scrape = pin!(exposition.clone().call(request.unwrap()));
    let mut before = 1;
    let response = loop {
        match scrape.as_mut().poll(&mut cx) {
            Poll::Ready(response) => break response.unwrap(),
            Poll::Pending => before += 1,
        }
    };
    assert_eq!(response.status(), 200);
    let (mut after, mut all) = (0, Vec::new());
    let mut body = pin!(response.into_body());
    loop {
        after += 1;
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(Some(frame)) => {
                let data = frame.unwrap().into_data().unwrap();
                assert!(data.len() < 128 * 1024, "{}", data.len());
                all.extend_from_slice(&data);
            }
            Poll::Ready(None) => return (before, after, all),
        }
    }
}

const ANY: &str = "*/*";

fn count(text: &[u8], line: &str) -> usize {
    let text = std::str::from_utf8(text).unwrap();
    text.lines().filter(|it| it.starts_with(line)).count()
}

#[test]
fn without_a_runtime_a_scrape_is_whole() {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let builder = MetricsLayer::builder().registry(registry);
    let (_layer, exposition) = exposition(builder, 10);
    let (_, _, text) = scrape(&exposition.instrumented(), ANY);
    assert_eq!(count(&text, "http_requests_total{"), 10);
    assert_eq!(count(&text, "jobs_total "), 1);
    assert_eq!(count(&text, "exposition_scrapes_total{"), 3);
}

#[test]
fn a_hundred_thousand_label_sets_are_prepared_in_n_log_n_and_in_short_stretches() {
    const LABEL_SETS: usize = 100_000;
    let (layer, exposition) = exposition(MetricsLayer::builder(), LABEL_SETS);
    let (first, _, text) = scrape(&exposition, ANY);
    assert_eq!(count(&text, "http_requests_total{"), LABEL_SETS);
    // Each has a fixed share of the label sets, of which there are three kinds of work.
    assert!((1_000..10_000).contains(&first), "{first}");

    // What is there already is not sorted again.
    let (later, after, again) = scrape(&exposition, ANY);
    assert!(later < first / 3, "{later} of {first}");
    assert!(after > text.len() / (128 * 1024), "{after}");
    assert!(text == again);
    drive(&layer, LABEL_SETS, LABEL_SETS + 1);
    let (more, _, text) = scrape(&exposition, ANY);
    assert!(more < later + 10, "{more} after {later}");
    assert_eq!(count(&text, "http_requests_total{"), LABEL_SETS + 1);
    let lines = std::str::from_utf8(&text).unwrap().lines();
    let routes = lines.filter_map(|line| {
        let labels = line.strip_prefix("http_requests_in_flight{method=")?;
        labels.split_once("route=")?.1.split('"').nth(1)
    });
    assert!(routes.is_sorted());
}

#[test]
fn the_finest_native_histograms_are_collected_and_written_in_short_stretches() {
    const LABEL_SETS: usize = 200;
    let native = NativeHistogram::default().schema(8);
    let builder = MetricsLayer::builder().native_histogram(native);
    let (_layer, exposition) = exposition(builder, LABEL_SETS);
    let formats: &[&str] = match cfg!(feature = "protobuf") {
        true => &[ANY, "application/vnd.google.protobuf"],
        false => &[ANY],
    };
    for accept in formats {
        let (before, after, _) = scrape(&exposition, accept);
        // Some of them at a time: each has a hundred blocks of bins, of which one was counted in.
        assert!(before > LABEL_SETS / 25, "{before}");
        assert!(after > LABEL_SETS / 10, "{after}");
    }
}
