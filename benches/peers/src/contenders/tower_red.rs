use super::contender::{self, Contender, Middleware, Scrape, Send, TOWER_RED};
use axum::Router;
use http::Request;
use http_body::Body;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};
use tower::Service;
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, TestClock};

pub(super) const CONTENDER: Contender = Contender {
    name: TOWER_RED,
    package: Some("tower-red"),
    title: "**tower-red**",
    records: "requests, errors, cancelled requests, duration to the end of the body, in flight; \
              also when a client leaves, a service fails, or a handler panics",
    set_up: |label_sets| TowerRed::set_up(label_sets, |builder| builder),
};

/// What is left if the processor's clock is not read.
pub(super) const STOPPED: Contender = Contender {
    name: contender::STOPPED,
    package: Some("tower-red"),
    title: "tower-red, by a clock that stands still",
    records: "the same, but that every request takes no time",
    set_up: |label_sets| TowerRed::set_up(label_sets, |builder| builder.clock(TestClock::new())),
};

struct TowerRed {
    layer: MetricsLayer,
    exposition: Exposition,
}

impl TowerRed {
    fn set_up(
        label_sets: usize,
        configure: fn(MetricsLayerBuilder) -> MetricsLayerBuilder,
    ) -> Box<dyn Middleware> {
        // Past the budget, everything is counted under one route.
        let builder = MetricsLayer::builder().max_label_sets(label_sets.max(4_000));
        let (layer, exposition) = configure(builder).pair().expect("a valid configuration");
        Box::new(Self { layer, exposition })
    }
}

impl Middleware for TowerRed {
    fn add_to(&self, router: Router) -> Router {
        router.layer(self.layer.clone())
    }

    fn scrape(&self, send: Send<'_>) -> Option<Scrape> {
        let mut poll = Polls::default();
        let request = Request::get("/metrics").body(()).expect("a request");
        let mut response = pin!(self.exposition.clone().call(request));
        let Ok(response) = poll.until_ready(|cx| response.as_mut().poll(cx));
        let mut body = pin!(response.into_body());
        while let Some(Ok(frame)) = poll.until_ready(|cx| body.as_mut().poll_frame(cx)) {
            frame.into_data().into_iter().for_each(&mut *send);
        }
        Some(Scrape {
            longest_stretch: poll.longest,
        })
    }
}

/// Polls at once whenever it may, and keeps the longest time that a poll took.
#[derive(Default)]
struct Polls {
    longest: Duration,
}

impl Polls {
    fn until_ready<T>(&mut self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            let begun = Instant::now();
            let polled = poll(&mut cx);
            self.longest = self.longest.max(begun.elapsed());
            if let Poll::Ready(value) = polled {
                return value;
            }
        }
    }
}
