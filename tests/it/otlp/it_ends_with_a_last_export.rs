//! When it is told to end, the last values are sent, and it ends in time whatever the receiver does.

use super::{Receiver, Reply, metric, metrics};
use crate::support::TestLayer;
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value};
use std::{future::pending, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};
use tower_red::{Exposition, OtlpBuilder};

#[tokio::test(start_paused = true)]
async fn what_came_before_the_end_is_in_the_last_export() {
    let driven = TestLayer::default();
    let receiver = Receiver::default();
    let builder = OtlpBuilder::default().client(receiver.client());
    let (stop, stopped) = oneshot::channel::<()>();
    let pushing = tokio::spawn(builder.build(&driven.exposition).unwrap().run(stopped));
    sleep(Duration::from_secs(30)).await;
    assert!(
        receiver.take().is_empty(),
        "the first one is due after an interval"
    );
    driven.take(Duration::from_millis(70), "/users/{id}", 200);
    stop.send(()).unwrap();
    pushing.await.unwrap();
    let received = receiver.take();
    let [last] = &*received else {
        panic!("{} requests", received.len());
    };
    let metrics = metrics(&[last.message()]);
    let Some(Data::Sum(requests)) = &metric(&metrics, "http_requests_total").data else {
        panic!("{metrics:?}");
    };
    assert_eq!(requests.data_points[0].value, Some(Value::AsInt(1)));
}

#[tokio::test(start_paused = true)]
async fn an_export_in_flight_is_given_up_for_the_last_one() {
    let driven = TestLayer::default();
    let receiver = Receiver::new([Reply::Never]);
    let builder = OtlpBuilder::default().client(receiver.client());
    let start = Instant::now();
    let shutdown = sleep(Duration::from_secs(65));
    builder
        .build(&driven.exposition)
        .unwrap()
        .run(shutdown)
        .await;
    let times = receiver
        .take()
        .into_iter()
        .map(|it| (it.time - start).as_secs());
    assert_eq!(times.collect::<Vec<_>>(), [60, 65]);
}

#[tokio::test(start_paused = true)]
async fn it_ends_within_the_timeout_whatever_the_receiver_does() {
    for reply in [Reply::Never, Reply::Break, Reply::Status(503, &[], "")] {
        let driven = TestLayer::default();
        let receiver = Receiver::new(vec![reply.clone(); 100]);
        let builder = OtlpBuilder::default()
            .timeout(Duration::from_secs(5))
            .client(receiver.client());
        let start = Instant::now();
        builder
            .build(&driven.exposition)
            .unwrap()
            .run(async {})
            .await;
        let took = start.elapsed();
        assert!(took <= Duration::from_millis(5_001), "{reply:?}: {took:?}");
        assert!(!receiver.take().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_it_ends_it_at_once() {
    let driven = TestLayer::default();
    let receiver = Receiver::default();
    let builder = OtlpBuilder::default().client(receiver.client());
    let run = builder
        .build(&driven.exposition)
        .unwrap()
        .run(pending::<()>());
    timeout(Duration::from_secs(65), run).await.unwrap_err();
    assert_eq!(receiver.take().len(), 1);
    sleep(Duration::from_secs(600)).await;
    assert!(receiver.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_disabled_sends_nothing() {
    let receiver = Receiver::default();
    let builder = OtlpBuilder::default().client(receiver.client());
    let otlp = builder.build(&Exposition::disabled()).unwrap();
    otlp.run(sleep(Duration::from_secs(600))).await;
    assert!(receiver.take().is_empty());
}
