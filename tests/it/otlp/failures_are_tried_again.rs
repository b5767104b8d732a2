//! A receiver may refuse, stall, break off and come back: nothing counts twice, and nothing is missing in the end.

use super::{Received, Receiver, Reply, metrics};
use crate::support::{CLASSIC, OPEN_METRICS, TestLayer, said::Said, text};
use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tower_red::{ExportError, Exposition, MetricsLayer, OtlpBuilder};

/// Counts from one failure to the next.
struct Pushing {
    driven: Arc<TestLayer>,
    receiver: Receiver,
    failures: Arc<Mutex<Vec<ExportError>>>,
}

impl Pushing {
    fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            driven: Arc::new(TestLayer::default()),
            receiver: Receiver::new(script),
            failures: Arc::default(),
        }
    }

    /// Runs until then, with a request of a route of its own every half second.
    async fn run(&self, builder: OtlpBuilder, shutdown: impl Future) -> Vec<Received> {
        let failures = Arc::clone(&self.failures);
        let builder = builder
            .client(self.receiver.client())
            .on_failure(move |error| failures.lock().unwrap().push(error.clone()));
        let otlp = builder.build(&self.driven.exposition).unwrap();
        let driven = Arc::clone(&self.driven);
        let requests = tokio::spawn(async move {
            loop {
                driven.take(Duration::from_millis(70), "/users/{id}", 200);
                sleep(Duration::from_millis(500)).await;
            }
        });
        otlp.run(async {
            shutdown.await;
            requests.abort();
        })
        .await;
        self.receiver.take()
    }

    fn failures(&self) -> Vec<ExportError> {
        std::mem::take(&mut *self.failures.lock().unwrap())
    }
}

/// What the layer's families say in a request.
fn said(received: &Received) -> Said {
    let metrics = metrics(&[received.message()]);
    let mut said = Said::of_otlp(&metrics);
    // What the push says of itself changes with the push.
    said.families.retain(|name, _| !name.starts_with("otlp_"));
    said.samples
        .retain(|(name, _), _| !name.starts_with("otlp_"));
    said
}

async fn scraped(exposition: &Exposition) -> Said {
    let classic = text(exposition, CLASSIC).await;
    let open_metrics = text(exposition, OPEN_METRICS).await;
    let mut said = Said::of_text(&classic, &open_metrics);
    said.families.retain(|name, _| !name.starts_with("otlp_"));
    said.samples
        .retain(|(name, _), _| !name.starts_with("otlp_"));
    said
}

/// How many requests the layer has counted, by a request of an export.
fn requests(received: &Received) -> u64 {
    let said = said(received);
    let of_name = |name: &str| name == "http_requests_total";
    let samples = said.samples.iter().filter(|((name, _), _)| of_name(name));
    samples.map(|(_, value)| value.0 as u64).sum()
}

fn status(status: u16) -> Reply {
    Reply::Status(status, &[], "")
}

const MINUTE: Duration = Duration::from_secs(60);

/// Ends before the second export.
fn one_interval() -> impl Future {
    sleep(Duration::from_secs(100))
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_with_fresh_values_until_it_is_taken() {
    for reply in [
        status(429),
        status(502),
        status(503),
        status(504),
        Reply::Break,
        Reply::BreakInBody,
    ] {
        let pushing = Pushing::new(vec![reply.clone(); 3]);
        let received = pushing.run(OtlpBuilder::default(), one_interval()).await;
        // Three failures and a success in one interval, and the export at the end.
        assert_eq!(received.len(), 5, "{reply:?}");
        let waits = received.windows(2).map(|pair| pair[1].time - pair[0].time);
        for (wait, most) in waits.zip([1, 2, 4]) {
            let most = Duration::from_secs(most);
            assert!(most / 2 <= wait && wait <= most, "{wait:?} of {most:?}");
        }
        let counted: Vec<u64> = received.iter().map(requests).collect();
        assert!(counted.is_sorted_by(|one, next| one < next), "{counted:?}");
        assert_eq!(
            said(&received[4]),
            scraped(&pushing.driven.exposition).await
        );
        assert_eq!(pushing.failures().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_waits_for_the_next_interval_and_is_whole_then() {
    for code in [400, 401, 403, 404, 413, 500, 501, 301] {
        let pushing = Pushing::new([status(code)]);
        let start = Instant::now();
        let received = pushing
            .run(OtlpBuilder::default(), sleep(2 * MINUTE + MINUTE / 2))
            .await;
        let times: Vec<u64> = received
            .iter()
            .map(|it| (it.time - start).as_secs())
            .collect();
        assert_eq!(times, [60, 120, 150], "{code}");
        let [ExportError::Refused { status, .. }] = &pushing.failures()[..] else {
            panic!("{code}");
        };
        assert!(status.starts_with(&code.to_string()), "{status}");
        assert_eq!(requests(&received[1]), 2 * 120 + 1);
        assert_eq!(
            said(&received[2]),
            scraped(&pushing.driven.exposition).await
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_says_when_is_left_alone_until_then() {
    let script = [
        Reply::Status(429, &[("retry-after", "7")], ""),
        // Longer than the export may take, and than the interval.
        Reply::Status(503, &[("retry-after", "90")], ""),
    ];
    let pushing = Pushing::new(script);
    let start = Instant::now();
    let received = pushing.run(OtlpBuilder::default(), sleep(4 * MINUTE)).await;
    let times: Vec<u64> = received
        .iter()
        .map(|it| (it.time - start).as_secs())
        .collect();
    assert_eq!(times[..3], [60, 67, 180], "{times:?}");
    assert!(pushing.failures().iter().all(|error| matches!(
        error,
        ExportError::Unavailable {
            retry_after: Some(_),
            ..
        }
    )));
}

#[tokio::test(start_paused = true)]
async fn times_that_never_come_break_nothing() {
    let script = [Reply::Status(
        503,
        &[("retry-after", "18446744073709551615")],
        "",
    )];
    let pushing = Pushing::new(script);
    let received = pushing
        .run(OtlpBuilder::default(), sleep(10 * MINUTE))
        .await;
    assert_eq!(received.len(), 1);

    let pushing = Pushing::new([]);
    let builder = OtlpBuilder::default()
        .interval(Duration::MAX)
        .timeout(Duration::MAX)
        .export_timeout(Duration::MAX);
    let received = pushing.run(builder, sleep(10 * MINUTE)).await;
    assert_eq!(received.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_says_when_is_left_alone_at_the_end_too() {
    let pushing = Pushing::new([Reply::Status(503, &[("retry-after", "25")], "")]);
    let start = Instant::now();
    // The last export may wait until 75 seconds, and the receiver wants to be left alone until 85.
    let received = pushing
        .run(OtlpBuilder::default(), sleep(Duration::from_secs(65)))
        .await;
    assert_eq!(received.len(), 1);
    assert!(start.elapsed() < Duration::from_secs(76));

    let pushing = Pushing::new([Reply::Status(503, &[("retry-after", "10")], "")]);
    let received = pushing
        .run(OtlpBuilder::default(), sleep(Duration::from_secs(65)))
        .await;
    let waited = received[1].time - received[0].time;
    assert_eq!((received.len(), waited.as_secs()), (2, 10));
    assert_eq!(
        said(&received[1]),
        scraped(&pushing.driven.exposition).await
    );
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_answer_is_given_up_after_the_timeout() {
    let pushing = Pushing::new(vec![Reply::Never; 2]);
    let start = Instant::now();
    let received = pushing.run(OtlpBuilder::default(), one_interval()).await;
    let times: Vec<f64> = received
        .iter()
        .map(|it| (it.time - start).as_secs_f64())
        .collect();
    // Ten seconds and a bit each.
    assert!((70.5..=71.0).contains(&times[1]), "{times:?}");
    assert!((81.5..=83.0).contains(&times[2]), "{times:?}");
    assert_eq!(
        pushing.failures(),
        [ExportError::Timeout, ExportError::Timeout]
    );
    assert!(received[2].is_taken);
}

#[tokio::test(start_paused = true)]
async fn an_export_never_outlasts_its_timeout_and_the_next_one_makes_up_for_it() {
    let pushing = Pushing::new(vec![status(503); 7]);
    let start = Instant::now();
    let received = pushing
        .run(OtlpBuilder::default(), sleep(2 * MINUTE + MINUTE / 2))
        .await;
    let second = received
        .iter()
        .position(|it| it.time - start >= 2 * MINUTE)
        .unwrap();
    assert!(
        received[..second]
            .iter()
            .all(|it| it.time - start < Duration::from_secs(90))
    );
    assert!((5..=7).contains(&second), "{second}");
    assert!(pushing.failures().len() <= 7);
    let last = received.last().unwrap();
    assert!(last.is_taken);
    assert_eq!(said(last), scraped(&pushing.driven.exposition).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_in_part_is_never_sent_again_and_is_told() {
    let pushing = Pushing::new([Reply::Partly(3, "too old")]);
    let received = pushing.run(OtlpBuilder::default(), one_interval()).await;
    assert_eq!(received.len(), 2);
    let message = "too old".to_owned();
    assert_eq!(
        pushing.failures(),
        [ExportError::Rejected { points: 3, message }]
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_has_one_export_at_a_time() {
    // Each answer comes after 25 seconds, and exports are due every 10.
    let taken = Arc::new(Mutex::new((0, Vec::new())));
    let client = {
        let taken = Arc::clone(&taken);
        tower::service_fn(move |_: http::Request<tower_red::OtlpBody>| {
            let taken = Arc::clone(&taken);
            async move {
                taken.lock().unwrap().0 += 1;
                sleep(Duration::from_secs(25)).await;
                let mut taken = taken.lock().unwrap();
                let in_flight = taken.0;
                taken.0 -= 1;
                taken.1.push(in_flight);
                Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
            }
        })
    };
    let (_metrics, exposition) = MetricsLayer::pair();
    let builder = OtlpBuilder::default()
        .interval(Duration::from_secs(10))
        .timeout(Duration::from_secs(40))
        .export_timeout(Duration::from_secs(40));
    let otlp = builder.client(client).build(&exposition).unwrap();
    otlp.run(sleep(Duration::from_secs(111))).await;
    let (_, in_flight) = &*taken.lock().unwrap();
    assert!((4..=5).contains(&in_flight.len()), "{in_flight:?}");
    assert!(
        in_flight[..in_flight.len() - 1]
            .iter()
            .all(|count| *count == 1)
    );
}

#[tokio::test]
async fn what_the_receiver_says_is_in_the_error() {
    let pushing = Pushing::new([
        Reply::Status(
            401,
            &[("content-type", "text/plain")],
            "invalid token\nmore",
        ),
        Reply::Status(
            400,
            &[("content-type", "application/x-protobuf")],
            // `google.rpc.Status`, by its numbers.
            "\u{8}\u{3}\u{12}\u{9}malformed",
        ),
    ]);
    for message in ["invalid token", "malformed"] {
        pushing.run(OtlpBuilder::default(), async {}).await;
        let failures = pushing.failures();
        let [error @ ExportError::Refused { message: said, .. }] = &failures[..] else {
            panic!("{failures:?}");
        };
        assert_eq!(said, message);
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_that_a_scrape_refuses_are_not_sent() {
    use prometheus_client::{metrics::counter::Counter, registry::Registry};
    let mut registry = Registry::default();
    registry.register("jobs-done", "Jobs done", Counter::<u64>::default());
    let receiver = Receiver::default();
    let failures = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&failures);
    let builder = OtlpBuilder::default()
        .client(receiver.client())
        .on_failure(move |error| told.lock().unwrap().push(error.clone()));
    let otlp = builder.build(&Exposition::new(registry)).unwrap();
    otlp.run(async {}).await;
    assert!(receiver.take().is_empty());
    let failures = failures.lock().unwrap();
    assert!(
        matches!(&failures[..], [ExportError::Metrics { .. }]),
        "{failures:?}"
    );
}
