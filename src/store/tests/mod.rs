mod slots;

use super::*;
use crate::histogram::NativeHistogram;
use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

const BOUNDS: [u64; 3] = [10, 100, 1_000];
/// What stands for keys past the budget.
const OVERFLOW: u64 = 99;

fn store() -> &'static Store {
    with_budget(usize::MAX)
}

fn with_budget(max_label_sets: usize) -> &'static Store {
    measuring([Bins::Classic(BOUNDS.into())], max_label_sets)
}

fn measuring<const N: usize>(measures: [Bins; N], max_label_sets: usize) -> &'static Store {
    Box::leak(Box::new(Store::new(StoreSettings {
        measures: measures.into(),
        has_slots: false,
        has_exemplars: false,
        max_label_sets,
    })))
}

fn key(key: u64) -> Key {
    Key {
        key,
        overflow: OVERFLOW,
    }
}

/// Something that starts and finishes.
fn count(store: &'static Store, number: u64, nanos: u64) {
    finish(store, store.start(key(number)).unwrap(), number, nanos);
}

fn finish(store: &'static Store, active: Active, number: u64, nanos: u64) {
    let near = store.finish_near(number, Some(active));
    let finished = near.unwrap_or_else(|| store.finish(key(number), Some(active)));
    finished.observe(0, nanos);
    finished.end();
}

fn collect(store: &'static Store) -> Snapshot {
    let mut collecting = store.collect();
    std::iter::repeat_with(|| store.collect_some(&mut collecting))
        .find_map(|done| done)
        .unwrap()
}

fn keys(keys: &Keys) -> impl Iterator<Item = u64> {
    (0..keys.len()).map(|index| keys.get(index).unwrap().key)
}

/// How many finished in all, and how many are active.
fn totals(store: &'static Store) -> (u64, u64) {
    let active = keys(store.active_keys()).map(|key| store.active(key)).sum();
    let snapshot = collect(store);
    let finished = 0..store.finished_keys().len();
    (finished.map(|index| snapshot.count(index, 0)).sum(), active)
}

#[test]
fn a_bucket_has_what_is_at_most_its_bound() {
    let store = store();
    for nanos in [0, 10, 11, 100, 1_000, 1_001, u64::MAX - 2_122] {
        count(store, 1, nanos);
    }
    let snapshot = collect(store);
    let buckets: Vec<_> = snapshot.bins(0, 0).collect();
    assert_eq!(buckets, [(0, 2), (1, 2), (2, 1), (3, 2)]);
    assert_eq!((snapshot.count(0, 0), snapshot.sum(0, 0)), (7, u64::MAX));
}

#[test]
fn what_finishes_under_another_key_leaves_nothing_active() {
    let store = store();
    let [first, second] = [1, 2].map(|number| store.start(key(number)).unwrap());
    let active = || [1, 2].map(|number| store.active(number));
    assert_eq!(active(), [1, 1]);
    finish(store, first, 2, 5);
    assert_eq!(active(), [0, 1]);
    finish(store, second, 1, 5);
    assert_eq!(active(), [0, 0]);
}

#[test]
fn each_finish_is_counted_under_its_own_key_however_the_first_one_ended() {
    let store = store();
    for finished in [2, 3, 2, 4, 3, 2] {
        finish(store, store.start(key(1)).unwrap(), finished, 5);
    }
    let snapshot = collect(store);
    assert_eq!(keys(store.finished_keys()).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!([0, 1, 2].map(|index| snapshot.count(index, 0)), [3, 2, 1]);
    assert_eq!(totals(store), (6, 0));
}

#[test]
fn what_finishes_in_another_shard_is_not_remembered_where_it_started() {
    let store = store();
    let active = store.start(key(1)).unwrap();
    let mut shards = (0..store.shards.len()).map(|lease| store.shard_of(lease));
    let other = shards.find(|shard| !ptr::eq(*shard, active.shard)).unwrap();
    active.note_first_finish(other, other.finished_cell(key(2)).unwrap());
    assert!(active.cell.first_finished.get().is_none());
    let own = active.shard.finished_cell(key(3)).unwrap();
    active.note_first_finish(active.shard, own);
    assert!(ptr::eq(*active.cell.first_finished.get().unwrap(), own));
}

#[test]
fn measures_are_apart_from_each_other() {
    let native = NativeHistogram::default().validate(&BOUNDS).unwrap();
    let bounds = || Bins::Classic(BOUNDS.into());
    let store = measuring([bounds(), Bins::Native(native), bounds()], 10);
    let finished = store.finish(key(1), None);
    finished.observe(0, 5);
    finished.observe(2, 500);
    finished.observe(2, 2_000);
    let snapshot = collect(store);
    let bins = |measure| {
        let bins = snapshot.bins(0, measure);
        bins.filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    assert_eq!(
        [0, 1, 2].map(bins),
        [vec![(0, 1)], vec![], vec![(2, 1), (3, 1)]]
    );
    assert_eq!(
        [0, 1, 2, 3].map(|measure| snapshot.sum(0, measure)),
        [5, 0, 2_500, 0]
    );
}

#[test]
fn threads_that_come_and_go_lose_nothing_and_leave_nothing() {
    let store = store();
    for _ in 0..250 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|n| count(store, n % 3, 1)));
            }
        });
    }
    assert_eq!(totals(store), (10_000, 0));
    assert!(store.shards().count() <= lease::max_leases() + 1);
    let cells: usize = store.shards().map(|it| it.finished.len()).sum();
    assert!(cells <= 3 * (lease::max_leases() + 1), "{cells} cells");
}

#[test]
fn more_threads_than_leases_share_the_common_shard() {
    let store = store();
    let all = Barrier::new(500);
    thread::scope(|scope| {
        for _ in 0..500 {
            thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn_scoped(scope, || {
                    all.wait();
                    (0..100).for_each(|n| count(store, n % 3, 1));
                    all.wait();
                    // Found quickly, a shard is written as if nobody else did.
                    let last = lease::last_of(&store.shared);
                    assert!(last.is_none_or(|shard| shard.writers == Writers::One));
                })
                .unwrap();
        }
    });
    assert_eq!(totals(store), (50_000, 0));
    assert!(store.shards().count() <= lease::max_leases() + 1);
    let common = store.shards.last().unwrap().get();
    let common = common.expect("500 threads are more than there are leases");
    assert!(common.finished.len() > 0);
}

#[test]
fn what_started_may_finish_on_another_thread_while_others_read() {
    const STARTS: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let store = store();
    let done = AtomicBool::new(false);
    let (sender, receiver) = std::sync::mpsc::sync_channel(16);
    thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..STARTS {
                let active = store.start(key(n % 5)).unwrap();
                sender.send((active, n % 5)).unwrap();
            }
        });
        scope.spawn(|| {
            for (active, number) in receiver {
                finish(store, active, number, 1);
            }
            done.store(true, Ordering::Release);
        });
        let mut last = 0;
        while !done.load(Ordering::Acquire) {
            let (finished, active) = totals(store);
            assert!(finished >= last, "{finished} after {last}");
            // Those in the channel, one at either end, and what came and went while five keys were read.
            assert!(active < STARTS, "{active}");
            last = finished;
        }
    });
    assert_eq!(totals(store), (STARTS, 0));
}

#[test]
fn a_thread_counts_until_its_locals_are_gone() {
    /// Counts when its thread's locals are destroyed.
    struct Last(&'static Store);
    impl Drop for Last {
        fn drop(&mut self) {
            count(self.0, 1, 1);
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
                count(store(), 1, 1);
            }
            LAST.with(|last| count(last.0, 1, 1));
        });
        thread.join().unwrap();
    }
}

#[test]
fn past_the_budget_things_are_counted_under_the_key_that_stands_for_theirs() {
    let store = with_budget(2);
    for number in 1..6 {
        assert_eq!(store.is_full(), number > 2);
        count(store, number, 5);
    }
    // Known keys stay.
    count(store, 2, 5);
    assert_eq!(
        keys(store.finished_keys()).collect::<Vec<_>>(),
        [1, 2, OVERFLOW]
    );
    assert_eq!(
        keys(store.active_keys()).collect::<Vec<_>>(),
        [1, 2, OVERFLOW]
    );
    let snapshot = collect(store);
    assert_eq!([0, 1, 2].map(|index| snapshot.count(index, 0)), [1, 2, 3]);
    assert_eq!(totals(store), (6, 0));
}

#[test]
fn one_count_is_in_both_histograms() {
    let native = NativeHistogram::default().validate(&BOUNDS).unwrap();
    let store = measuring([Bins::Native(native)], 10);
    for nanos in [0, 10, 950, 960, 2_000, 5_000_000_000] {
        count(store, 1, nanos);
    }
    let snapshot = collect(store);
    let Some(Bins::Native(native)) = store.bins(0) else {
        panic!("it is native");
    };
    let (mut buckets, mut native_buckets) = ([0; 4], vec![0; native.len()]);
    native.split(snapshot.bins(0, 0), &mut buckets, &mut native_buckets);
    assert_eq!(buckets, [2, 0, 2, 2]);
    assert_eq!(
        (native_buckets[0], native_buckets.iter().sum::<u64>()),
        (3, 6)
    );
    assert_eq!((snapshot.count(0, 0), totals(store)), (6, (6, 0)));
}
