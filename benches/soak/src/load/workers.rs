use super::{
    journey::{Journey, Outcome},
    mix,
    shared::Shared,
    streams,
};
use crate::{
    client::{self, Http1, Http2},
    random::Random,
};
use futures_util::future::join_all;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

const HTTP1_WORKERS: u64 = 40;
const HTTP2_WORKERS: u64 = 8;
const STREAMS: u64 = 8;
/// Requests that an HTTP/2 worker has open at the same time.
const BURST: u32 = 4;
/// When a connection is cut: before what is slow has ended.
const CUT: Duration = Duration::from_millis(5);
/// How often new permits are given out.
const TICK: Duration = Duration::from_millis(10);

/// The load, until it is stopped.
pub(crate) struct Load {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// What the clients know themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Requests that were given to a connection, and perhaps not sent any more.
    pub(crate) requests: u64,
    /// Those that were answered to the last byte.
    pub(crate) answered: u64,
}

impl Load {
    pub(crate) fn start(address: SocketAddr, rate: u32) -> Self {
        let shared = Arc::new(Shared {
            address,
            permits: Semaphore::new(0),
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(pace(shared.clone(), rate));
        for seed in 0..HTTP1_WORKERS {
            tasks.spawn(work_http1(shared.clone(), Random::new(seed)));
        }
        for seed in 0..HTTP2_WORKERS {
            tasks.spawn(work_http2(shared.clone(), Random::new(1_000 + seed)));
        }
        for seed in 0..STREAMS {
            tasks.spawn(streams::listen(shared.clone(), Random::new(2_000 + seed)));
        }
        Self { shared, tasks }
    }

    /// Lets requests that were sent come to their end.
    pub(crate) async fn stop(self) -> Sent {
        self.shared.permits.close();
        self.tasks.join_all().await;
        Sent {
            requests: self.shared.sent.load(Relaxed),
            answered: self.shared.answered.load(Relaxed),
        }
    }
}

async fn pace(shared: Arc<Shared>, rate: u32) {
    let mut ticks = interval(TICK);
    // After a pause, no more than before it.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let per_second = 1_000 / TICK.as_millis() as u32;
    let mut due = 0;
    while !shared.permits.is_closed() {
        ticks.tick().await;
        due += rate;
        // What nobody took is not kept: it would be sent at once later.
        if shared.permits.available_permits() < rate as usize {
            shared.permits.add_permits((due / per_second) as usize);
        }
        due %= per_second;
    }
}

async fn work_http1(shared: Arc<Shared>, mut random: Random) {
    let mut kept = None;
    while shared.permitted(1).await {
        let Some(mut connection) = usable(kept.take(), shared.address).await else {
            continue;
        };
        let Journey {
            mut request,
            patience,
        } = mix::next(&mut random);
        if let Some(target) = request.uri().path_and_query() {
            *request.uri_mut() = target.clone().into();
        }
        let outcome = patience.wait(connection.sender.send_request(request)).await;
        shared.count(&outcome);
        if matches!(outcome, Ok(Outcome::Answered)) && !random.one_in(50) {
            kept = Some(connection);
        }
    }
}

/// The connection that was kept, or else a new one.
async fn usable(kept: Option<Http1>, address: SocketAddr) -> Option<Http1> {
    let Some(mut connection) = kept else {
        return client::http1(address).await.ok();
    };
    match connection.sender.ready().await {
        Ok(()) => Some(connection),
        Err(_) => client::http1(address).await.ok(),
    }
}

/// What a client leaves is a stream that it resets. Now and then the connection goes with all of its streams.
async fn work_http2(shared: Arc<Shared>, mut random: Random) {
    let mut kept: Option<Http2> = None;
    while shared.permitted(BURST).await {
        let connection = match kept.take().filter(|it| !it.sender.is_closed()) {
            Some(connection) => connection,
            None => match client::http2(shared.address).await {
                Ok(connection) => connection,
                Err(_) => continue,
            },
        };
        let burst = (0..BURST).map(|_| {
            let Journey { request, patience } = mix::next_or_call(&mut random);
            let mut sender = connection.sender.clone();
            let response = async move { sender.send_request(request).await };
            patience.wait(response)
        });
        let burst = join_all(burst);
        let outcomes = match random.one_in(100) {
            true => timeout(CUT, burst).await.unwrap_or_default(),
            false => burst.await,
        };
        let was_cut = outcomes.is_empty();
        for outcome in &outcomes {
            shared.count(outcome);
        }
        if was_cut {
            shared.sent.fetch_add(u64::from(BURST), Relaxed);
        } else {
            kept = Some(connection);
        }
    }
}
