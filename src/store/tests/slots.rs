//! What slots show.

use super::*;
use std::sync::atomic::AtomicU64;

fn store() -> &'static Store {
    with_budget(usize::MAX)
}

fn with_budget(max_label_sets: usize) -> &'static Store {
    Box::leak(Box::new(Store::new(StoreSettings {
        measures: Box::new([]),
        has_slots: true,
        has_exemplars: false,
        max_label_sets,
    })))
}

/// What slots show of a store, by the key.
fn shown(store: &'static Store, key: u64) -> u64 {
    let mut shown = Shown::default();
    while store.count_shown(&mut shown) {}
    let keys: Vec<_> = keys(store.active_keys()).collect();
    let index = keys.iter().position(|known| *known == key);
    index.map_or(0, |index| shown.of(index as u32))
}

#[test]
fn a_slot_shows_one_thing_at_a_time_to_the_store_that_it_is_of() {
    let (store, other) = (store(), store());
    let find = |store: &'static Store, number| store.find_active(key(number)).unwrap();
    let slots = [Slot::new(), Slot::new(), Slot::new()];
    slots[0].show(find(store, 1));
    slots[1].show(find(store, 1));
    slots[2].show(find(other, 1));
    assert_eq!([shown(store, 1), shown(other, 1)], [2, 1]);
    slots[1].show(find(store, 2));
    assert_eq!([shown(store, 1), shown(store, 2)], [1, 1]);
    slots[0].clear();
    assert_eq!([shown(store, 1), shown(store, 2)], [0, 1]);
    drop(slots);
    assert_eq!([shown(store, 2), shown(other, 1)], [0, 0]);
    // To find a key counts nothing.
    assert_eq!([1, 2].map(|number| store.active(number)), [0, 0]);
}

#[test]
fn what_slots_show_past_the_budget_is_of_the_key_that_stands_for_its_own() {
    let store = with_budget(1);
    let slots = [1, 2, 3].map(|number| {
        let slot = Slot::new();
        slot.show(store.find_active(key(number)).unwrap());
        slot
    });
    assert_eq!([1, 2, OVERFLOW].map(|key| shown(store, key)), [1, 0, 2]);
    drop(slots);
    assert_eq!([1, OVERFLOW].map(|key| shown(store, key)), [0, 0]);
}

#[test]
fn what_is_active_all_the_time_is_shown_once_however_many_others_come_and_go() {
    const STARTS: usize = if cfg!(miri) { 20 } else { 20_000 };
    let store = store();
    let lasting: Vec<_> = (0..100).map(|_| Slot::new()).collect();
    let show = |slot: &Slot, number| slot.show(store.find_active(key(number)).unwrap());
    lasting.iter().for_each(|slot| show(slot, 1));
    let busy = AtomicU64::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..STARTS {
                    // Made anew each time, so that slots are given back while others read.
                    let slot = Slot::new();
                    show(&slot, 2);
                    slot.clear();
                }
                busy.fetch_sub(1, Ordering::Release);
            });
        }
        while busy.load(Ordering::Acquire) > 0 {
            assert_eq!(shown(store, 1), 100);
        }
    });
    assert_eq!(shown(store, 2), 0);
}
