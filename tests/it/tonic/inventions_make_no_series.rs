//! What clients invent.

use crate::support::{
    self, Scrape,
    grpc::complete,
    grpc_service::{ANSWER, CHAT, COLLECT, LIST, PLACES, Served, raw},
    settled, sum, times,
};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, Request};
use std::collections::BTreeSet;
use tower_red::MetricsLayer;

#[tokio::test]
async fn thousands_of_invented_methods_and_services_leave_the_series_as_they_were() {
    for place in PLACES {
        let builder = MetricsLayer::builder().grpc_service("shop.Declared");
        let served = place.serve_with(builder).await;
        served.prove().await;
        invent(&served, "UNIMPLEMENTED").await;
    }
}

#[tokio::test]
async fn an_interceptor_that_answers_first_does_not_open_the_door() {
    for place in PLACES {
        let builder = MetricsLayer::builder().grpc_service("shop.Declared");
        let served = place.serve_guarded(builder).await;
        // Nor for the methods that there are.
        let mut client = served.client().await;
        for path in [ANSWER, LIST, COLLECT, CHAT] {
            client.unary(path, "").await.unwrap_err();
        }
        let expected = times(4.0, complete("_unmatched", "200", "UNAUTHENTICATED"));
        assert_eq!(served.all().await, expected);
        invent(&served, "UNAUTHENTICATED").await;
    }
}

/// Has a tonic client and one that knows nothing of gRPC invent a thousand methods, as many of a declared
/// service, and as many services. All are answered with that code.
async fn invent(served: &Served, code: &str) {
    let mut client = served.client().await;
    for path in invented(0) {
        client.unary(&path, "").await.unwrap_err();
    }
    let before = settled(&served.exposition).await;

    for path in (1..=1_000).flat_map(invented) {
        client.unary(&path, "").await.unwrap_err();
    }
    let raw = raw(served.address).await;
    let paths: Vec<_> = (1_001..=2_000).flat_map(invented).collect();
    for (n, paths) in paths.chunks(50).enumerate() {
        join_all(paths.iter().map(|path| call_raw(raw.clone(), path, n))).await;
    }

    let after = settled(&served.exposition).await;
    assert_eq!(series(&after), series(&before));
    let expected = sum([
        times(4_000.0, complete("_unmatched", "200", code)),
        times(2_000.0, complete("/shop.Declared/_OTHER", "200", code)),
    ]);
    assert_eq!(after.since(&before), expected);
    for dialect in ["text/plain", "application/openmetrics-text"] {
        let text = support::text(&served.exposition, dialect).await;
        assert!(!text.contains("Invented"));
    }
}

fn invented(n: usize) -> [String; 3] {
    let service = match n % 4 {
        0 => format!("/shop.Invented{n}/Answer"),
        1 => format!("/shop.Orders/Answer/Invented{n}"),
        2 => format!("/Invented{n}"),
        _ => format!("//Invented{n}/"),
    };
    let method = format!("/shop.Orders/Invented{n}?n={n}");
    [method, format!("/shop.Declared/Invented{n}"), service]
}

/// With the headers of an answer that would prove a route.
async fn call_raw(client: h2::client::SendRequest<Bytes>, path: &str, n: usize) {
    let kinds = ["", "+proto", "+json", ";charset=utf-8"];
    let request = Request::post(format!("http://localhost{path}"))
        .header("content-type", format!("application/grpc{}", kinds[n % 4]))
        .header("te", "trailers")
        .header("grpc-status", "0")
        .header("grpc-timeout", "1H")
        .body(())
        .unwrap();
    let mut client = client.ready().await.unwrap();
    let (response, mut stream) = client.send_request(request, false).unwrap();
    stream
        .send_data(Bytes::from_static(&[0; 5]), false)
        .unwrap();
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    // It may be answered already.
    let _ = stream.send_trailers(trailers);
    let mut body = response.await.unwrap().into_body();
    while let Some(data) = body.data().await {
        data.unwrap();
    }
}

fn series(scrape: &Scrape) -> BTreeSet<String> {
    scrape.0.keys().cloned().collect()
}
