//! Time.

use super::but_proven;
use crate::support::{
    grpc::{cancelled, complete, failed},
    grpc_service::{
        ANSWER, CHAT, Client, LIST, PLACES, Served, channel, clocked, patient, proven, serve_tonic,
    },
    settled, sum,
};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, transport::Server};
use tower_red::{MetricsLayer, TestClock};

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
async fn leave(served: &Served, clock: &TestClock, timeout: &'static str, after: Duration) {
    let mut client = served.client().await.within(timeout);
    let mut messages = client.list("3 never").await.unwrap();
    messages.next().await.unwrap().unwrap();
    let never = tokio::spawn(async move { client.unary(ANSWER, "never").await });
    served.in_flight(2.0).await;
    clock.advance(after);
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
        clock.advance(Duration::from_secs(20));
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
    // The calls that prove the routes have to be in time, however busy the machine is.
    let server = Server::builder().timeout(Duration::from_millis(500));
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
