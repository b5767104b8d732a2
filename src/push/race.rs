use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

pub(super) enum Either {
    First,
    Second,
}

/// Which of two futures is ready first. The second is dropped if it is not.
pub(super) async fn race<A: Future, B: Future>(mut first: Pin<&mut A>, second: B) -> Either {
    let mut second = pin!(second);
    poll_fn(|cx| {
        if first.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Either::First);
        }
        second.as_mut().poll(cx).map(|_| Either::Second)
    })
    .await
}
