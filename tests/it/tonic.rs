//! gRPC calls to a real tonic server from a real client, in each place that the layer can be put.
//!
//! Each test compares all that changed between two scrapes: what is not named did not change.

use crate::support;
use crate::support::grpc::{CODES, answered, cancelled, complete, failed};
use crate::support::grpc_service::{
    ANSWER, CHAT, COLLECT, Client, LIST, PLACES, Served, channel, clocked, patient, proven, raw,
    serve_tonic,
};
use crate::support::{Scrape, changes, settled, sum, times};
use bytes::Bytes;
use futures_util::{StreamExt, future::join_all, stream};
use http::{HeaderMap, Request};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Code,
    transport::{Channel, Server},
};
use tower::Layer;
use tower_red::{MetricsLayer, RouteTemplate};

// ---- Each kind of method.

#[tokio::test]
async fn a_unary_call_has_the_status_of_its_trailers() {
    for served in proven().await {
        served
            .counts(complete(ANSWER, "200", "OK"), async |mut client| {
                assert_eq!(client.unary(ANSWER, "tea").await.unwrap(), "tea");
            })
            .await;
    }
}

#[tokio::test]
async fn a_unary_call_has_the_code_it_fails_with_and_is_an_error_if_that_is_the_servers_fault() {
    for served in proven().await {
        for (number, code) in CODES.into_iter().enumerate() {
            served
                .counts(answered(ANSWER, "200", code), async |mut client| {
                    let answer = client.unary(ANSWER, code).await;
                    // An OK without a message is the client's to complain about.
                    if code != "OK" {
                        assert_eq!(answer.unwrap_err().code(), Code::from(number as i32));
                    }
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_call_that_no_method_takes_is_unmatched_and_no_error() {
    for served in proven().await {
        for path in [
            "/shop.Orders/Refund",
            "/shop.Nothing/Answer",
            "/shop/Orders/Answer",
            "/Answer",
            "/",
        ] {
            let expected = complete("_unmatched", "200", "UNIMPLEMENTED");
            let way = async |mut client: Client<_>| {
                let status = client.unary(path, "").await.unwrap_err();
                assert_eq!(status.code(), Code::Unimplemented);
            };
            // On an axum router tonic's fallback is for all that matches no route, as it is on tonic's own.
            served.counts(expected, way).await;
        }
    }
}

#[tokio::test]
async fn a_call_that_no_method_takes_is_of_its_service_if_that_was_declared() {
    for place in PLACES {
        let builder = MetricsLayer::builder().grpc_service("shop.Orders");
        let served = place.serve_with(builder).await;
        let way = |path: &'static str| {
            async move |mut client: Client<_>| {
                client.unary(path, "").await.unwrap_err();
            }
        };
        let other = "/shop.Orders/_OTHER";
        served
            .counts(
                complete(other, "200", "UNIMPLEMENTED"),
                way("/shop.Orders/Refund"),
            )
            .await;
        let unmatched = complete("_unmatched", "200", "UNIMPLEMENTED");
        served.counts(unmatched, way("/shop.Nothing/Refund")).await;

        // One that there is, until it is known that there is.
        let status = |code: &'static str| {
            async move |mut client: Client<_>| {
                client.unary(ANSWER, code).await.unwrap_err();
            }
        };
        let expected = complete(other, "200", "NOT_FOUND");
        served.counts(expected, status("NOT_FOUND")).await;
        let expected = failed(other, "200", "INTERNAL", "INTERNAL");
        served.counts(expected, status("INTERNAL")).await;
        served.prove().await;
        let expected = complete(ANSWER, "200", "NOT_FOUND");
        served.counts(expected, status("NOT_FOUND")).await;
    }
}

#[tokio::test]
async fn a_method_is_a_route_from_its_first_ok_on() {
    for place in PLACES {
        let served = place.serve().await;
        let mut client = served.client().await;
        for code in CODES.iter().skip(1) {
            client.unary(ANSWER, code).await.unwrap_err();
        }
        let unproven = CODES.iter().skip(1).map(|code| match *code {
            // Nobody knows yet whether that is a scanner's.
            "UNIMPLEMENTED" => complete("_unmatched", "200", "UNIMPLEMENTED"),
            code => answered("_unmatched", "200", code),
        });
        let mut expected = sum(unproven);
        assert_eq!(served.all().await, expected, "{place:?}");

        client.unary(ANSWER, "").await.unwrap();
        expected = sum([expected, complete(ANSWER, "200", "OK")]);
        assert_eq!(served.all().await, expected, "{place:?}");

        client.unary(ANSWER, "UNIMPLEMENTED").await.unwrap_err();
        let unimplemented = failed(ANSWER, "200", "UNIMPLEMENTED", "UNIMPLEMENTED");
        expected = sum([expected, unimplemented]);
        assert_eq!(served.all().await, expected, "{place:?}");
    }
}

#[tokio::test]
async fn a_server_stream_is_counted_once_at_its_end() {
    for served in proven().await {
        for count in ["0", "1", "1000"] {
            served
                .counts(complete(LIST, "200", "OK"), async |mut client| {
                    let messages = client.list(count).await.unwrap();
                    let messages: Vec<_> = messages.collect().await;
                    assert_eq!(messages.len().to_string(), count);
                    assert!(messages.iter().all(Result::is_ok));
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_server_stream_that_fails_midway_has_the_code_of_its_trailers() {
    for served in proven().await {
        for (what, code) in [
            ("0 INTERNAL", "INTERNAL"),
            ("3 INTERNAL", "INTERNAL"),
            ("1000 UNAVAILABLE", "UNAVAILABLE"),
            ("3 ABORTED", "ABORTED"),
            // Not by the client, but by the service: no counter of its own.
            ("3 CANCELLED", "CANCELLED"),
        ] {
            served
                .counts(answered(LIST, "200", code), async |mut client| {
                    let messages = client.list(what).await.unwrap();
                    let last = messages.collect::<Vec<_>>().await.pop().unwrap();
                    assert_eq!(
                        format!("{:?}", last.unwrap_err().code()).to_uppercase(),
                        code
                    );
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_server_stream_that_its_client_leaves_is_cancelled_in_its_body() {
    for served in proven().await {
        // One that waits after some messages, and one that never stops.
        for what in ["3 never", "18446744073709551615"] {
            served
                .counts(cancelled(LIST, "200", "body"), async |mut client| {
                    let mut messages = client.list(what).await.unwrap();
                    for n in 0..3 {
                        assert_eq!(messages.next().await.unwrap().unwrap(), n.to_string());
                    }
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_client_stream_is_counted_once_at_its_end() {
    for served in proven().await {
        served
            .counts(complete(COLLECT, "200", "OK"), async |mut client| {
                let messages = stream::iter(["a", "b", "c"].map(String::from));
                assert_eq!(client.collect(messages).await.unwrap(), "abc");
            })
            .await;
        // The service does not wait for the rest.
        let expected = complete(COLLECT, "200", "RESOURCE_EXHAUSTED");
        served
            .counts(expected, async |mut client| {
                let first = stream::iter(["a", "RESOURCE_EXHAUSTED"].map(String::from));
                let status = client.collect(first.chain(stream::pending())).await;
                assert_eq!(status.unwrap_err().code(), Code::ResourceExhausted);
            })
            .await;
    }
}

#[tokio::test]
async fn a_client_stream_that_its_client_leaves_is_counted_once() {
    for served in proven().await {
        let before = settled(&served.exposition).await;
        let mut client = served.client().await;
        let first = stream::iter(["a", "b"].map(String::from));
        let call =
            tokio::spawn(async move { client.collect(first.chain(stream::pending())).await });
        served.in_flight(1.0).await;
        call.abort();
        let after = settled(&served.exposition).await;
        // Dropped, or answered with what reading from it failed with: whatever the server sees first.
        let count = |name| after.sum(name) - before.sum(name);
        assert_eq!(count("http_requests_total"), 1.0);
        assert_eq!(count("http_request_duration_seconds_count"), 1.0);
        assert_eq!(count("http_requests_in_flight"), 0.0);
    }
}

#[tokio::test]
async fn both_directions_at_once_are_one_call() {
    for served in proven().await {
        let before = settled(&served.exposition).await;
        let mut client = served.client().await;
        let (sender, receiver) = mpsc::unbounded_channel();
        let messages = UnboundedReceiverStream::new(receiver);
        let mut answers = client.chat(messages).await.unwrap();
        for n in 0..10 {
            sender.send(n.to_string()).unwrap();
            assert_eq!(answers.next().await.unwrap().unwrap(), n.to_string());
            let scrape = Scrape::of(&served.exposition).await;
            assert_eq!(scrape.get(&in_flight(CHAT)), 1.0);
            assert_eq!(
                scrape.sum("http_requests_total"),
                before.sum("http_requests_total")
            );
        }
        drop(sender);
        assert!(answers.next().await.is_none());
        let after = settled(&served.exposition).await;
        assert_eq!(after.since(&before), complete(CHAT, "200", "OK"));

        // The service ends it, and then the client does.
        let failed = failed(CHAT, "200", "DATA_LOSS", "DATA_LOSS");
        served
            .counts(failed, async |mut client| {
                let messages = stream::iter(["a", "DATA_LOSS"].map(String::from));
                let answers = client
                    .chat(messages.chain(stream::pending()))
                    .await
                    .unwrap();
                let last = answers.collect::<Vec<_>>().await.pop().unwrap();
                assert_eq!(last.unwrap_err().code(), Code::DataLoss);
            })
            .await;
        served
            .counts(cancelled(CHAT, "200", "body"), async |mut client| {
                let messages = stream::iter(["a", "never"].map(String::from));
                let mut answers = client.chat(messages).await.unwrap();
                answers.next().await.unwrap().unwrap();
            })
            .await;
    }
}

#[tokio::test]
async fn compressed_messages_make_no_difference() {
    for served in proven().await {
        served
            .counts(complete(ANSWER, "200", "OK"), async |client| {
                let message = "tea ".repeat(10_000);
                let answer = client.compressed().respond(ANSWER, &message).await.unwrap();
                assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), "gzip");
                assert_eq!(answer.into_inner(), message);
            })
            .await;
        served
            .counts(answered(LIST, "200", "INTERNAL"), async |client| {
                let messages = client.compressed().list("3 INTERNAL").await.unwrap();
                assert_eq!(messages.collect::<Vec<_>>().await.len(), 4);
            })
            .await;
    }
}

#[tokio::test]
async fn a_panic_is_a_panic_of_an_unknown_status() {
    for served in proven().await {
        let way = async |mut client: Client<_>| {
            client.unary(ANSWER, "panic").await.unwrap_err();
        };
        served
            .counts(failed(ANSWER, "500", "UNKNOWN", "panic"), way)
            .await;
        let way = async |mut client: Client<_>| {
            let messages = client.list("3 panic").await.unwrap();
            messages
                .collect::<Vec<_>>()
                .await
                .pop()
                .unwrap()
                .unwrap_err();
        };
        served
            .counts(failed(LIST, "200", "UNKNOWN", "panic"), way)
            .await;
    }
}

// ---- Time.

#[tokio::test]
async fn a_call_whose_client_leaves_before_its_deadline_is_cancelled() {
    for place in PLACES {
        let (served, clock) = clocked(place).await;
        leave(&served, &clock, "10S", Duration::from_nanos(9_999_999_999)).await;
        let expected = sum([
            cancelled(ANSWER, "499", "head"),
            cancelled(LIST, "200", "body"),
        ]);
        assert_eq!(but_proven(&served).await, expected, "{place:?}");
    }
}

#[tokio::test]
async fn a_call_whose_client_leaves_after_its_deadline_is_an_error_and_not_cancelled() {
    for place in PLACES {
        let (served, clock) = clocked(place).await;
        leave(&served, &clock, "10S", Duration::from_secs(10)).await;
        let expected = sum([
            failed(ANSWER, "499", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
            failed(LIST, "200", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        ]);
        assert_eq!(but_proven(&served).await, expected, "{place:?}");
    }
}

/// A call without a head and one in its body, which their client leaves after that time.
async fn leave(served: &Served, clock: &quanta::Mock, timeout: &'static str, after: Duration) {
    let mut client = served.client().await.within(timeout);
    let mut messages = client.list("3 never").await.unwrap();
    messages.next().await.unwrap().unwrap();
    let never = tokio::spawn(async move { client.unary(ANSWER, "never").await });
    served.in_flight(2.0).await;
    clock.increment(after);
    never.abort();
    drop(messages);
}

#[tokio::test]
async fn a_call_that_tonic_drops_at_its_deadline_is_an_error_and_not_cancelled() {
    let [served, _] = proven().await;
    let expected = failed(ANSWER, "499", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED");
    let before = settled(&served.exposition).await;
    let mut client = patient(served.address).await.within("20m");
    // What tonic says of it.
    let status = client.unary(ANSWER, "never").await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(settled(&served.exposition).await.since(&before), expected);
}

/// Both see the deadline pass at about the same time, and either may be the first.
#[tokio::test]
async fn a_call_whose_deadline_both_sides_watch_is_counted_once() {
    for served in proven().await {
        let before = settled(&served.exposition).await;
        let mut client = served.client().await.within("20m");
        client.unary(ANSWER, "never").await.unwrap_err();
        let after = settled(&served.exposition).await.since(&before);
        let late = failed(ANSWER, "499", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED");
        let early = cancelled(ANSWER, "499", "head");
        assert!(after == late || after == early, "{after:?}");
    }
}

#[tokio::test]
async fn a_call_that_ends_after_its_deadline_has_the_status_it_ends_with() {
    for place in PLACES {
        let (served, clock) = clocked(place).await;
        let mut client = served.client().await.within("10S");
        let (sender, receiver) = mpsc::unbounded_channel();
        let messages = UnboundedReceiverStream::new(receiver);
        let answers = client.chat(messages).await.unwrap();
        clock.increment(Duration::from_secs(20));
        sender.send("NOT_FOUND".to_owned()).unwrap();
        answers.collect::<Vec<_>>().await;
        assert_eq!(
            but_proven(&served).await,
            complete(CHAT, "200", "NOT_FOUND")
        );
    }
}

#[tokio::test]
async fn a_call_that_tonics_own_timeout_drops_is_cancelled() {
    let (metrics, exposition) = MetricsLayer::pair();
    let server = Server::builder().timeout(Duration::from_millis(20));
    let address = serve_tonic(server, metrics).await;
    let served = Served {
        address,
        exposition,
    };
    served.prove().await;
    served
        .counts(cancelled(ANSWER, "499", "head"), async |mut client| {
            client.unary(ANSWER, "never").await.unwrap_err();
        })
        .await;
    // It has no say once there is a head.
    served
        .counts(complete(LIST, "200", "OK"), async |mut client| {
            let messages = client.list("1000").await.unwrap();
            assert_eq!(messages.collect::<Vec<_>>().await.len(), 1000);
        })
        .await;
}

#[tokio::test]
async fn a_connection_that_is_lost_cancels_its_calls() {
    for served in proven().await {
        let before = settled(&served.exposition).await;
        // A runtime of its own, which closes its sockets when it ends.
        let client = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = served.address;
        let calls = client.spawn(async move {
            let mut client = Client::new(channel(address).await);
            let mut messages = client.list("3 never").await.unwrap();
            messages.next().await.unwrap().unwrap();
            let _ = client.unary(ANSWER, "never").await;
        });
        served.in_flight(2.0).await;
        client.shutdown_background();
        let lost = calls.await;
        assert!(lost.unwrap_err().is_cancelled());
        let expected = sum([
            cancelled(ANSWER, "499", "head"),
            cancelled(LIST, "200", "body"),
        ]);
        assert_eq!(settled(&served.exposition).await.since(&before), expected);
    }
}

// ---- What clients invent.

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

// ---- Around a client.

#[tokio::test]
async fn a_call_that_goes_out_is_counted_under_the_route_that_it_was_given() {
    const ROUTE: RouteTemplate = RouteTemplate::new("/orders");
    let [served, _] = proven().await;
    let (metrics, exposition) = MetricsLayer::builder().client().pair().unwrap();
    let channel = channel(served.address).await;
    let mut client = Client::new(metrics.layer(channel)).of_route(ROUTE);
    client.unary(ANSWER, "").await.unwrap();
    client.unary(ANSWER, "NOT_FOUND").await.unwrap_err();
    let mut messages = client.list("3 never").await.unwrap();
    messages.next().await.unwrap().unwrap();
    drop(messages);
    // Nobody listens there.
    let lost = Channel::from_static("http://127.0.0.1:1").connect_lazy();
    let mut client = Client::new(metrics.layer(lost)).of_route(ROUTE);
    client.unary(ANSWER, "").await.unwrap_err();

    let total = |status, code| {
        let labels =
            format!(r#"method="POST",route="/orders",status="{status}",grpc_status="{code}""#);
        let name = "http_client_request";
        changes([
            (&format!("{name}s_total{{{labels}}}"), 1.0),
            (&format!("{name}_duration_seconds_count{{{labels}}}"), 1.0),
        ])
    };
    let of_route = |name: &str, label: &str| {
        let series =
            format!(r#"http_client_{name}_total{{method="POST",route="/orders",{label}}}"#);
        changes([(&series, 1.0)])
    };
    let expected = sum([
        total("200", "OK"),
        total("200", "NOT_FOUND"),
        of_route("errors", r#"error="NOT_FOUND""#),
        total("200", "CANCELLED"),
        of_route("requests_cancelled", r#"phase="body""#),
        total("_none", "UNKNOWN"),
        of_route("errors", r#"error="service""#),
    ]);
    let after = settled(&exposition).await;
    assert_eq!(after.since(&Scrape::default()), expected);
}

// ---- Helpers.

fn in_flight(route: &str) -> String {
    format!(r#"http_requests_in_flight{{method="POST",route="{route}"}}"#)
}

/// All that was counted beside the calls that proved the routes.
async fn but_proven(served: &Served) -> BTreeMap<String, f64> {
    let mut all = served.all().await;
    for route in [ANSWER, LIST, COLLECT, CHAT] {
        for (series, count) in complete(route, "200", "OK") {
            *all.get_mut(&series).unwrap() -= count;
        }
    }
    all.retain(|_, count| *count != 0.0);
    all
}

// ---- Beside plain HTTP.

#[cfg(feature = "axum")]
mod pages {
    use super::*;
    use crate::support::{complete as plain, grpc_service::Orders, request, serve};
    use axum::{Router, routing::any};
    use http_body_util::BodyExt;
    use tonic::service::Routes;

    /// The service beside the pages of an ordinary application.
    fn with_pages(pages: Router) -> Router {
        Routes::new(Orders).into_axum_router().merge(pages)
    }

    /// What a client's header says alone is not enough: neither of a page, nor of what there is no page for.
    #[tokio::test]
    async fn calls_and_pages_on_one_port_are_told_apart_and_scraped_there() {
        let (metrics, exposition) = MetricsLayer::pair();
        let pages = Router::new()
            .route("/", any(|| async { "a page" }))
            .route("/users/{id}", any(|| async { "a user" }));
        let app = with_pages(pages).layer(metrics);
        let address = serve(app.route_service("/metrics", exposition.clone())).await;
        let served = Served {
            address,
            exposition,
        };
        served.prove().await;

        served
            .counts(complete(ANSWER, "200", "OK"), async |mut client| {
                client.unary(ANSWER, "").await.unwrap();
            })
            .await;
        for (path, route) in [("/", "/"), ("/users/7", "/users/{id}")] {
            served
                .counts(plain("GET", route, "200"), async |_| {
                    send(support::http1(address).await, request("GET", path)).await;
                })
                .await;
            served
                .counts(plain("POST", route, "200"), async |_| {
                    let mut request = request("POST", &format!("http://{address}{path}"));
                    let grpc = "application/grpc".parse().unwrap();
                    request.headers_mut().insert("content-type", grpc);
                    send2(support::http2(address).await, request).await;
                })
                .await;
            // And in spite of all that a tonic client says and makes of the answer.
            served
                .counts(plain("POST", route, "200"), async |mut client| {
                    client.unary(path, "").await.unwrap_err();
                })
                .await;
        }
        // tonic's routes bring their fallback with them: it answers as gRPC, whoever asks.
        served
            .counts(plain("GET", "_unmatched", "200"), async |_| {
                send(support::http1(address).await, request("GET", "/nothing")).await;
            })
            .await;

        let scraped = send(support::http1(address).await, request("GET", "/metrics")).await;
        let scraped = Scrape::parse(&scraped);
        let here = settled(&served.exposition).await;
        assert_eq!(
            scraped.since(&Scrape::default()),
            here.since(&Scrape::default())
        );
        let answers =
            r#"{method="POST",route="/shop.Orders/Answer",status="200",grpc_status="OK"}"#;
        assert_eq!(scraped.get(&format!("http_requests_total{answers}")), 2.0);
    }

    async fn send(
        mut client: hyper::client::conn::http1::SendRequest<support::Body>,
        request: Request<support::Body>,
    ) -> String {
        let response = client.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.into()).unwrap()
    }

    async fn send2(
        mut client: hyper::client::conn::http2::SendRequest<support::Body>,
        request: Request<support::Body>,
    ) {
        let response = client.send_request(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
}
