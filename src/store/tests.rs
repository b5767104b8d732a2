use super::*;
use crate::{
    label::{method::Method, status::Status},
    recording::{Ending, Outcome},
};
use http::StatusCode;
use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

const BOUNDS: [u64; 3] = [10, 100, 1_000];

fn store() -> &'static Store {
    of_at_most(usize::MAX)
}

fn of_at_most(most_label_sets: usize) -> &'static Store {
    Box::leak(Box::new(Store::new(StoreSettings {
        bounds: BOUNDS.into(),
        native: None,
        has_exemplars: false,
        most_label_sets,
    })))
}

fn route(route: u32) -> RouteKey {
    RouteKey {
        route: RouteId::from_number(route + 1),
        method: Method::of(&http::Method::GET),
    }
}

fn ended(RouteKey { route, method }: RouteKey, outcome: Outcome) -> RequestKey {
    RequestKey {
        method,
        route,
        status: Some(Status::of(StatusCode::OK)),
        ending: Ending::plain(outcome),
    }
}

/// A request that starts and ends under a route.
fn count(store: &'static Store, key: RouteKey, nanos: u64) {
    store.begin(key);
    store.end(ended(key, Outcome::Complete), key.route, nanos);
}

fn collect(store: &'static Store) -> Snapshot {
    let mut collecting = store.collect();
    std::iter::repeat_with(|| store.collect_some(&mut collecting))
        .find_map(|done| done)
        .unwrap()
}

fn shards(store: &Store) -> impl Iterator<Item = &Shard> {
    store.shards.iter().filter_map(OnceLock::get)
}

/// How many requests ended in all, and how many are in flight.
fn totals(store: &'static Store) -> (u64, u64) {
    let snapshot = collect(store);
    let requests = store.request_keys(0, 99);
    let finished = (0..requests.len() as u32)
        .map(|index| snapshot.count(index))
        .sum();
    let routes = store.movement_keys(0, 99).into_iter();
    let started = routes.filter(|(_, movement)| *movement == Movement::Started);
    let in_flight = started.map(|(route, _)| in_flight(store, route));
    (finished, in_flight.sum())
}

fn in_flight(store: &Store, route: RouteKey) -> u64 {
    let ended = store.request_keys(0, 99).into_iter();
    store.in_flight(
        ended.filter(|key| (key.route, key.method) == (route.route, route.method)),
        route,
    )
}

#[test]
fn a_bucket_has_what_is_at_most_its_bound() {
    let store = store();
    for nanos in [0, 10, 11, 100, 1_000, 1_001, u64::MAX - 2_122] {
        count(store, route(1), nanos);
    }
    let snapshot = collect(store);
    let mut buckets = [0; 4];
    snapshot.add_to(0, &mut buckets, &mut []);
    assert_eq!(buckets, [2, 2, 1, 2]);
    assert_eq!(snapshot.count(0), 7);
    assert_eq!(snapshot.nanos(0), u64::MAX);
}

#[test]
fn requests_that_leave_their_route_leave_no_gauge_behind() {
    let store = store();
    store.begin(route(1));
    store.begin(route(2));
    let gauges = || [1, 2].map(|number| in_flight(store, route(number)));
    assert_eq!(gauges(), [1, 1]);
    store.end(ended(route(2), Outcome::Complete), route(1).route, 5);
    assert_eq!(gauges(), [0, 1]);
    store.end(ended(route(1), Outcome::Complete), route(2).route, 5);
    assert_eq!(gauges(), [0, 0]);
}

#[test]
fn threads_that_come_and_go_lose_nothing_and_leave_nothing() {
    let store = store();
    for _ in 0..250 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|n| count(store, route(n % 3), 1)));
            }
        });
    }
    assert_eq!(totals(store), (10_000, 0));
    assert!(shards(store).count() <= slot::leasable() + 1);
    let cells: usize = shards(store)
        .map(|shard| shard.requests.iter().count())
        .sum();
    assert!(cells <= 3 * (slot::leasable() + 1), "{cells} cells");
}

#[test]
fn more_threads_than_slots_share_the_common_one() {
    let store = store();
    let all = Barrier::new(500);
    thread::scope(|scope| {
        for _ in 0..500 {
            thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn_scoped(scope, || {
                    all.wait();
                    (0..100).for_each(|n| count(store, route(n % 3), 1));
                    all.wait();
                })
                .unwrap();
        }
    });
    assert_eq!(totals(store), (50_000, 0));
    assert!(shards(store).count() <= slot::leasable() + 1);
    let common = store
        .shards
        .last()
        .unwrap()
        .get()
        .expect("500 threads are more than there are slots");
    assert!(common.requests.iter().count() > 0);
}

#[test]
fn a_request_may_end_on_another_thread_while_others_read() {
    const REQUESTS: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let store = store();
    let done = AtomicBool::new(false);
    let (sender, receiver) = std::sync::mpsc::sync_channel(16);
    thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..REQUESTS {
                let key = route((n % 5) as u32);
                store.begin(key);
                sender.send(key).unwrap();
            }
        });
        scope.spawn(|| {
            for key in receiver {
                store.end(ended(key, Outcome::Cancelled), key.route, 1);
            }
            done.store(true, Ordering::Release);
        });
        let mut last = 0;
        while !done.load(Ordering::Acquire) {
            // Panics if more ended than had started.
            let (finished, _) = totals(store);
            assert!(finished >= last, "{finished} after {last}");
            last = finished;
        }
    });
    assert_eq!(totals(store), (REQUESTS, 0));
}

#[test]
fn a_thread_counts_to_its_last_breath() {
    /// Counts when its thread's locals are destroyed.
    struct Last(&'static Store);
    impl Drop for Last {
        fn drop(&mut self) {
            count(self.0, route(1), 1);
            assert_eq!(totals(self.0), (2, 0));
        }
    }
    thread_local! {
        static LAST: Last = Last(store());
    }
    // Locals are destroyed in an order that depends on which was used first: the lease is one of them.
    for lease_first in [true, false] {
        let thread = thread::spawn(move || {
            if lease_first {
                count(store(), route(1), 1);
            }
            LAST.with(|last| count(last.0, route(1), 1));
        });
        thread.join().unwrap();
    }
}

#[test]
fn past_the_budget_requests_are_counted_under_the_overflow_route() {
    let store = of_at_most(2);
    let over = route(1).route.overflow();
    for number in 1..6 {
        let key = route(number);
        let started = store.begin(key);
        assert_eq!(started, if number < 3 { key.route } else { over });
        assert_eq!(store.is_full(), number > 2);
        store.end(ended(key, Outcome::Complete), started, 5);
    }
    // Known routes stay, and their new ways to end do not.
    count(store, route(2), 5);
    store.begin(route(2));
    store.end(ended(route(2), Outcome::Panic), route(2).route, 5);

    let keys = store.request_keys(0, 99);
    let counts: Vec<_> = (0..)
        .zip(&keys)
        .map(|(index, key)| (key.route, collect(store).count(index)))
        .collect();
    let [first, second] = [1, 2].map(|number| route(number).route);
    assert_eq!(counts, [(first, 1), (second, 2), (over, 3), (over, 1)]);
    assert_eq!(totals(store), (7, 0));
}

#[test]
fn one_count_is_in_both_histograms() {
    let native = crate::NativeHistogram::default().validate(&BOUNDS).unwrap();
    let (count_of_native, zeros) = (native.len(), 3);
    let store: &'static Store = Box::leak(Box::new(Store::new(StoreSettings {
        bounds: BOUNDS.into(),
        native: Some(native),
        has_exemplars: false,
        most_label_sets: 10,
    })));
    for nanos in [0, 10, 950, 960, 2_000, 5_000_000_000] {
        count(store, route(1), nanos);
    }
    let snapshot = collect(store);
    let (mut buckets, mut native) = ([0; 4], vec![0; count_of_native]);
    snapshot.add_to(0, &mut buckets, &mut native);
    assert_eq!(buckets, [2, 0, 2, 2]);
    assert_eq!((native[0], native.iter().sum::<u64>()), (zeros, 6));
    assert_eq!((snapshot.count(0), totals(store)), (6, (6, 0)));
}
