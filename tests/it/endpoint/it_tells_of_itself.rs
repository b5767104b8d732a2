//! An instrumented endpoint tells of its own scrapes.

use super::{Does, Polled, Told, answer, exposition};
use crate::support::{CLASSIC, OPEN_METRICS, Scrape, text};
use http::{Request, Response};
use http_body_util::BodyExt;
use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{counter::Counter, histogram::Histogram},
    registry::Registry,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};
use tower::ServiceExt;
use tower_red::{Exposition, ExpositionBody, MetricsLayer, TestClock};

/// A collector that takes that many milliseconds.
#[derive(Debug)]
struct Slow(TestClock, Arc<AtomicU64>);

impl Collector for Slow {
    fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
        let millis = self.1.load(Ordering::SeqCst);
        self.0.advance(Duration::from_millis(millis));
        Ok(())
    }
}

/// What an endpoint tells of itself, in 0.0.4.
async fn of_itself(exposition: &Exposition) -> String {
    let text = text(exposition, CLASSIC).await;
    let at = text.find("# HELP exposition_").unwrap_or(text.len());
    text[at..].to_owned()
}

#[tokio::test]
async fn an_instrumented_endpoint_tells_of_the_scrapes_that_ended_before() {
    let clock = TestClock::new();
    let millis = Arc::new(AtomicU64::new(5));
    let told = Told::to(Does::Count);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Slow(clock.clone(), millis.clone())));
    registry.register_collector(Box::new(told.clone()));
    let builder = MetricsLayer::builder().clock(&clock).registry(registry);
    let exposition = builder.pair().unwrap().1.instrumented();

    let first = of_itself(&exposition).await;
    let none = "\
# HELP exposition_scrapes_total Scrapes that ended, by the status of their response.
# TYPE exposition_scrapes_total counter
exposition_scrapes_total{status=\"200\"} 0
exposition_scrapes_total{status=\"499\"} 0
exposition_scrapes_total{status=\"500\"} 0
# HELP exposition_scrape_duration_seconds Time from a scrape's turn to the head of its response.
# TYPE exposition_scrape_duration_seconds histogram
exposition_scrape_duration_seconds_bucket{le=\"0.001\"} 0
";
    assert!(first.starts_with(none), "{first}");
    let end =
        "exposition_scrape_duration_seconds_sum 0.0\nexposition_scrape_duration_seconds_count 0\n";
    assert!(first.ends_with(end), "{first}");

    // On a bound, which the first was too, above one, and above the last.
    for (status, took) in [(200, 6), (200, 7_000), (500, 60)] {
        millis.store(took, Ordering::SeqCst);
        told.tell([Does::Count, Does::Panic][usize::from(status == 500)]);
        let response = answer(&exposition, &[]).await;
        assert_eq!(response.status(), status);
        // How long the client then takes does not count.
        clock.advance(Duration::from_secs(1));
    }
    told.tell(Does::Count);
    // Two that are dropped: while it works, and while it waits for that one, which is no work.
    millis.store(1, Ordering::SeqCst);
    let [mut works, mut waits] = [(); 2].map(|()| Polled::new(&exposition));
    assert!(works.poll().is_none());
    assert!(waits.poll().is_none());
    clock.advance(Duration::from_secs(1));
    drop(waits);
    drop(works);
    // One that waits, and is answered.
    let [mut works, mut waits] = [(); 2].map(|()| Polled::new(&exposition));
    assert!(works.poll().is_none());
    assert!(waits.poll().is_none());
    clock.advance(Duration::from_millis(100));
    works.finish();
    waits.finish();
    // These are no scrapes.
    let post = Request::post("/").body(()).unwrap();
    exposition.clone().oneshot(post).await.unwrap();

    let expected = "\
# TYPE exposition_scrapes counter
# HELP exposition_scrapes Scrapes that ended, by the status of their response.
exposition_scrapes_total{status=\"200\"} 5
exposition_scrapes_total{status=\"499\"} 2
exposition_scrapes_total{status=\"500\"} 1
# TYPE exposition_scrape_duration_seconds histogram
# UNIT exposition_scrape_duration_seconds seconds
# HELP exposition_scrape_duration_seconds Time from a scrape's turn to the head of its response.
exposition_scrape_duration_seconds_bucket{le=\"0.001\"} 1
exposition_scrape_duration_seconds_bucket{le=\"0.005\"} 2
exposition_scrape_duration_seconds_bucket{le=\"0.01\"} 3
exposition_scrape_duration_seconds_bucket{le=\"0.05\"} 3
exposition_scrape_duration_seconds_bucket{le=\"0.1\"} 4
exposition_scrape_duration_seconds_bucket{le=\"0.5\"} 5
exposition_scrape_duration_seconds_bucket{le=\"1.0\"} 5
exposition_scrape_duration_seconds_bucket{le=\"5.0\"} 5
exposition_scrape_duration_seconds_bucket{le=\"+Inf\"} 6
exposition_scrape_duration_seconds_sum 7.173
exposition_scrape_duration_seconds_count 6
# EOF
";
    let text = text(&exposition, OPEN_METRICS).await;
    let at = text.find("# TYPE exposition_").unwrap();
    assert_eq!(&text[at..], expected);
    // After all others, before an end that is there once.
    assert!(text[..at].contains("http_requests_in_flight"));
    assert!(!text[..at].contains("# EOF"));
}

#[tokio::test]
async fn a_registry_alone_is_instrumented_too() {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let exposition = Exposition::new(registry).instrumented();
    for scrape in 0..3 {
        let text = text(&exposition, OPEN_METRICS).await;
        assert!(text.starts_with("# TYPE jobs counter\n"));
        assert!(text.contains(&format!(
            "\nexposition_scrapes_total{{status=\"200\"}} {scrape}\n"
        )));
        assert!(text.contains(&format!(
            "\nexposition_scrape_duration_seconds_count {scrape}\n"
        )));
        assert!(text.ends_with("\n# EOF\n"));
    }
}

#[tokio::test]
async fn only_what_is_instrumented_tells_of_itself_and_clones_made_then_share_it() {
    let plain = exposition(0).await;
    let instrumented = plain.clone().instrumented();
    let one = "\nexposition_scrapes_total{status=\"200\"} 1\n";
    assert_eq!(of_itself(&plain).await, "");
    of_itself(&instrumented).await;
    let clone = instrumented.clone().instrumented();
    assert!(of_itself(&clone).await.contains(one));
    assert_eq!(of_itself(&plain).await, "");
    // Another one of the same metrics counts its own.
    let other = plain.instrumented();
    of_itself(&other).await;
    assert!(of_itself(&other).await.contains(one));

    let disabled = Exposition::disabled().instrumented();
    assert_eq!(answer(&disabled, &[]).await.status(), 503);
}

#[tokio::test]
async fn a_family_of_the_user_with_a_name_of_the_endpoints_own_is_a_500_that_names_it() {
    for name in ["exposition_scrapes", "exposition_scrape_duration_seconds"] {
        let mut registry = Registry::default();
        registry.register(name, "Mine", Histogram::new([1.0]));
        let exposition = Exposition::new(registry);
        assert_eq!(answer(&exposition, &[]).await.status(), 200);
        let response = answer(&exposition.instrumented(), &[]).await;
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains(&format!("{name:?}")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_scrape_is_counted_once_however_many_there_are() {
    let exposition = exposition(10).await.instrumented();
    let scrapes = (0..2_000).map(|_| {
        let scrape = exposition.clone().oneshot(Request::new(()));
        tokio::spawn(async move {
            let response = scrape.await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.into()).unwrap();
            let count = Scrape::parse(&text).get("exposition_scrapes_total{status=\"200\"}");
            count as usize
        })
    });
    let scrapes: Vec<_> = scrapes.collect();
    let mut counts = futures_util::future::try_join_all(scrapes).await.unwrap();
    // Each tells of all that were before it, and of no other.
    counts.sort_unstable();
    assert_eq!(counts, (0..2_000).collect::<Vec<_>>());
}

/// A scrape that goes on wherever it is woken.
struct Eager {
    scrape: Mutex<Polled>,
    response: Mutex<Option<Response<ExpositionBody>>>,
}

impl Eager {
    fn wait(self: &Arc<Self>) -> bool {
        let waker = Waker::from(self.clone());
        let mut next = self.scrape.lock().unwrap();
        let poll = next.scrape.as_mut().poll(&mut Context::from_waker(&waker));
        poll.is_pending()
    }
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        let response = self.scrape.lock().unwrap().finish();
        *self.response.lock().unwrap() = Some(response);
    }
}

#[tokio::test]
async fn a_scrape_that_goes_on_the_moment_it_is_woken_tells_of_the_one_before_it() {
    let exposition = exposition(0).await.instrumented();
    let mut first = Polled::new(&exposition);
    assert!(first.poll().is_none());
    let eager = Arc::new(Eager {
        scrape: Mutex::new(Polled::new(&exposition)),
        response: Mutex::default(),
    });
    assert!(eager.wait());
    first.finish();
    let response = eager.response.lock().unwrap().take();
    let body = response.expect("it was woken").into_body();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
    let scrape = Scrape::parse(&text);
    assert_eq!(scrape.get("exposition_scrapes_total{status=\"200\"}"), 1.0);
}
