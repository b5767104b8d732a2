//! Scrapes are prepared one at a time, and whoever is gone keeps nobody waiting.

use super::{Polled, exposition};
use http::{Request, StatusCode};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Registry};
use std::{
    fmt, mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tower::ServiceExt;
use tower_red::MetricsLayer;

#[tokio::test]
async fn scrapes_are_prepared_one_at_a_time_in_the_order_in_which_they_came() {
    let exposition = exposition(100).await;
    let [mut a, mut b, mut c] = [(); 3].map(|()| Polled::new(&exposition));
    // The place is that of the first poll.
    for scrape in [&mut a, &mut b, &mut c] {
        assert!(scrape.poll().is_none());
    }
    assert!(a.woken() > 0);
    for _ in 0..100 {
        assert!(c.poll().is_none());
        assert!(b.poll().is_none());
    }
    // Who waits is woken when it is its turn, and not before.
    a.finish();
    assert_eq!((b.woken(), c.woken()), (1, 0));
    assert!(c.poll().is_none());
    b.finish();
    assert_eq!(c.woken(), 1);
    assert_eq!(c.finish().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_response_that_is_not_read_keeps_nobody_waiting() {
    let exposition = exposition(100).await;
    let unread = Polled::new(&exposition).finish();
    assert_eq!(Polled::new(&exposition).finish().status(), StatusCode::OK);
    drop(unread);
}

#[tokio::test]
async fn a_scrape_that_is_dropped_makes_room_for_the_next() {
    let exposition = exposition(100).await;
    let [mut a, mut b, mut c, mut d] = [(); 4].map(|()| Polled::new(&exposition));
    let unpolled = Polled::new(&exposition);
    for scrape in [&mut a, &mut b, &mut c, &mut d] {
        assert!(scrape.poll().is_none());
    }
    // One that waits leaves the others where they are.
    drop(b);
    assert_eq!((c.woken(), d.woken()), (0, 0));
    // In the middle of its work.
    drop(a);
    assert_eq!((c.woken(), d.woken()), (1, 0));
    // When it was woken, and before it was polled again.
    drop(c);
    assert_eq!(d.woken(), 1);
    assert_eq!(d.finish().status(), StatusCode::OK);
    drop(unpolled);
    assert_eq!(Polled::new(&exposition).finish().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_scrape_that_moves_to_another_task_is_woken_there() {
    let exposition = exposition(100).await;
    let [mut a, mut b] = [(); 2].map(|()| Polled::new(&exposition));
    assert!(a.poll().is_none());
    assert!(b.poll().is_none());
    let before = mem::take(&mut b.woken);
    assert!(b.poll().is_none());
    drop(a);
    assert_eq!((before.0.load(Ordering::SeqCst), b.woken()), (0, 1));
}

/// A collector that notices when it is asked while it is being asked.
#[derive(Debug, Default)]
struct Alone {
    busy: AtomicBool,
    disturbed: Arc<AtomicBool>,
}

impl Collector for Alone {
    fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
        if self.busy.swap(true, Ordering::SeqCst) {
            self.disturbed.store(true, Ordering::SeqCst);
        }
        thread::yield_now();
        self.busy.store(false, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_scrapes_at_once_some_dropped_all_others_are_answered() {
    let alone = Alone::default();
    let disturbed = alone.disturbed.clone();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(alone));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let scrapes = (0..10_000).map(|n| {
        let mut scrape = Box::pin(exposition.clone().oneshot(Request::new(())));
        tokio::spawn(async move {
            // Every third is dropped, after none, one, or more turns.
            for _ in 0..n % 7 * usize::from(n % 3 == 0) {
                tokio::select! {
                    biased;
                    _ = &mut scrape => return,
                    () = tokio::task::yield_now() => {}
                }
            }
            if n % 3 != 0 {
                assert_eq!(scrape.await.unwrap().status(), StatusCode::OK);
            }
        })
    });
    let scrapes: Vec<_> = scrapes.collect();
    let all = futures_util::future::try_join_all(scrapes);
    let all = tokio::time::timeout(Duration::from_secs(20), all).await;
    all.expect("all are answered").unwrap();
    assert!(!disturbed.load(Ordering::SeqCst));
}
