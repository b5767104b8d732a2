//! What requests and scrapes leave in memory, once there is a place for all that they count.

use super::{Case, Options, client, inner, server};
use crate::support::{CLASSIC, OPEN_METRICS, TestLayer, random::Random};
use allocation_counter::measure;
use http::Request;
use http_body_util::BodyExt;
use std::{
    pin::pin,
    task::{Context, Waker},
};
use tower::ServiceExt;
use tower_red::{Exposition, MetricsLayerBuilder};

const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// Without a runtime, which would have memory of its own. To its end, or only its first piece.
fn scrape(exposition: &Exposition, accept: &str, whole: bool) {
    let request = Request::get("/metrics").header("accept", accept);
    let scrape = exposition.clone().oneshot(request.body(()).unwrap());
    let mut read = pin!(async {
        let mut body = scrape.await.unwrap().into_body();
        while body.frame().await.transpose().unwrap().is_some() && whole {}
    });
    let mut cx = Context::from_waker(Waker::noop());
    while read.as_mut().poll(&mut cx).is_pending() {}
}

fn all_options(builder: MetricsLayerBuilder, first_byte: bool) -> TestLayer {
    let options = Options {
        first_byte,
        ..Options::default()
    };
    let builder = options.on(builder);
    TestLayer::new(builder.response_label_up_to("server", 2, |head| head.header("x-cache")))
}

/// Every other request goes to a peer that is listed.
fn cases(random: &mut Random) -> Vec<Case> {
    let case = |n| {
        let mut case = Case::new(random);
        if n % 2 == 0 {
            case.path.0 = "http://stock/users/7";
        }
        // What another thread frees is not measured.
        case.dropped_elsewhere = false;
        case
    };
    (0..200).map(case).collect()
}

#[test]
fn requests_and_scrapes_leave_no_memory_once_all_series_were_seen() {
    let (_, inner) = inner();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for first_byte in [false, true] {
        for builder in [server(), client().peers(["stock"])] {
            let layer = all_options(builder, first_byte);
            let cases = cases(&mut random);
            let round = || {
                for case in &cases {
                    case.run(&layer, &inner);
                }
                for accept in [CLASSIC, OPEN_METRICS, PROTOBUF] {
                    scrape(&layer.exposition, accept, true);
                    scrape(&layer.exposition, accept, false);
                }
                assert!(layer.exposition.render().is_ok());
                assert!(layer.exposition.snapshot().requests().count() > 0);
            };
            // A call in the first round may prove a route that only the second round counts by.
            let first = measure(|| (0..3).for_each(|_| round()));
            assert!(first.bytes_current > 0);
            let later = measure(|| (0..4).for_each(|_| round()));
            assert_eq!(later.bytes_current, 0, "{later:?}");
        }
    }
}
