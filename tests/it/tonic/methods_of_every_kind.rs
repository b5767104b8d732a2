//! Each kind of method.

use super::in_flight;
use crate::support::{
    Scrape,
    grpc::{CODES, answered, cancelled, complete, failed},
    grpc_service::{ANSWER, CHAT, COLLECT, Client, LIST, PLACES, proven},
    settled, sum,
};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;
use tower_red::MetricsLayer;

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
