use crate::sync::lock;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

/// Where scrapes wait for their turn: one of an endpoint is prepared at a time, in the order in which they
/// came. However many come, they take one core and the memory of one.
#[derive(Default)]
pub(super) struct Queue {
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    /// The number of the next place.
    next: u64,
    /// By number. It is the first one's turn.
    line: VecDeque<Place>,
}

struct Place {
    number: u64,
    /// There for all but the first.
    waker: Option<Waker>,
}

/// A place in a queue, taken when it is first polled and given up when it is dropped.
pub(super) struct Turn {
    queue: Arc<Queue>,
    number: Option<u64>,
    came: bool,
}

impl Turn {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self {
            queue,
            number: None,
            came: false,
        }
    }

    /// Ready from when it is this one's turn until it is dropped.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.came {
            return Poll::Ready(());
        }
        let mut waker = Some(cx.waker().clone());
        let mut places = lock(&self.queue.places);
        let number = *self.number.get_or_insert_with(|| places.join());
        if places.is_first(number) {
            self.came = true;
            return Poll::Ready(());
        }
        if let Some(place) = places.get_mut(number) {
            std::mem::swap(&mut place.waker, &mut waker);
        }
        // Before the waker that it had is dropped, which may be the last of a task, with a turn in it.
        drop(places);
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut places = lock(&self.queue.places);
        let left = places.leave(number);
        // If it was first before, it has none.
        let next = places.line.front_mut().and_then(|next| next.waker.take());
        drop(places);
        drop(left);
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl Places {
    fn join(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.line.push_back(Place {
            number,
            waker: None,
        });
        number
    }

    fn is_first(&self, number: u64) -> bool {
        let first = self.line.front();
        first.is_some_and(|place| place.number == number)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Place> {
        let at = self.find(number)?;
        self.line.get_mut(at)
    }

    fn leave(&mut self, number: u64) -> Option<Place> {
        let at = self.find(number)?;
        self.line.remove(at)
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.line
            .binary_search_by_key(&number, |place| place.number)
            .ok()
    }
}
