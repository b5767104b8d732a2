//! What an export of 10 000 label sets takes of a thread: all in all, and the longest stretch in which the thread
//! could do nothing else. To a receiver that takes no time.
//!
//! All exports are made of the same stretches. Of each stretch, the least time that it took in any of them counts, so
//! that what other processes take is not in it.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body as _;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};
use tower::{Layer, Service, service_fn};
use tower_red::{
    Exposition, MetricsLayer, MetricsLayerBuilder, NativeHistogram, Otlp, OtlpBody, RouteTemplate,
};

const LABEL_SETS: usize = 10_000;
const EXPORTS: usize = 51;

fn main() {
    // It is run by `cargo test` too, which has no use for figures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let native = || MetricsLayer::builder().native_histogram(NativeHistogram::default());
    println!("an export of {LABEL_SETS} label sets\n");
    println!("| | ms | longest stretch, ms | MB |\n| --- | ---: | ---: | ---: |");
    report("14 buckets", MetricsLayer::builder(), false);
    report("14 buckets, gzip", MetricsLayer::builder(), true);
    report("exponential", native(), false);
    report("exponential, gzip", native(), true);
}

fn report(what: &str, builder: MetricsLayerBuilder, gzip: bool) {
    let builder = builder.max_label_sets(LABEL_SETS + 1);
    let (layer, exposition) = builder.pair().expect("a valid configuration");
    drive(&layer);
    // Of its timers: nothing runs on it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let _guard = runtime.enter();
    let exports = (0..EXPORTS).map(|_| export(&exposition, gzip));
    let Some(least) = exports.reduce(Export::least) else {
        return;
    };
    let total: Duration = least.stretches.iter().sum();
    let longest = least.stretches.iter().max().copied().unwrap_or_default();
    println!(
        "| {what} | {:.1} | {:.2} | {:.1} |",
        total.as_secs_f64() * 1e3,
        longest.as_secs_f64() * 1e3,
        least.bytes as f64 / 1e6,
    );
}

struct Export {
    stretches: Vec<Duration>,
    bytes: u64,
}

impl Export {
    /// The least time of each stretch. The first export has some more, which make what the others use again.
    fn least(self, other: Self) -> Self {
        let (fewer, more) = match self.stretches.len() <= other.stretches.len() {
            true => (self, other),
            false => (other, self),
        };
        if fewer.stretches.len() < more.stretches.len() {
            return fewer;
        }
        let stretches = fewer.stretches.iter().zip(&more.stretches);
        Self {
            stretches: stretches.map(|(one, other)| *one.min(other)).collect(),
            bytes: fewer.bytes,
        }
    }
}

fn export(exposition: &Exposition, gzip: bool) -> Export {
    let bytes = Arc::new(AtomicU64::new(0));
    let sent = Arc::clone(&bytes);
    let client = service_fn(move |request: Request<OtlpBody>| {
        let sent = Arc::clone(&sent);
        async move {
            let mut body = request.into_body();
            while let Some(size) = read_frame(&mut body).await {
                sent.fetch_add(size, Ordering::Relaxed);
            }
            Ok::<_, Infallible>(Response::new(String::new()))
        }
    });
    let builder = Otlp::builder().gzip(gzip).client(client);
    let otlp = builder.build(exposition).expect("a valid configuration");
    // Nothing but the export at the end.
    let mut run = pin!(otlp.run(std::future::ready(())));
    let mut cx = Context::from_waker(Waker::noop());
    let mut stretches = Vec::new();
    loop {
        let start = Instant::now();
        let ended = run.as_mut().poll(&mut cx).is_ready();
        stretches.push(start.elapsed());
        if ended {
            let bytes = bytes.load(Ordering::Relaxed);
            return Export { stretches, bytes };
        }
    }
}

/// How many bytes the next frame has. Pending first, as a socket is that takes some of them at a time.
async fn read_frame(body: &mut OtlpBody) -> Option<u64> {
    let mut was_pending = false;
    poll_fn(|cx| {
        if !was_pending {
            was_pending = true;
            return Poll::Pending;
        }
        Pin::new(&mut *body).poll_frame(cx)
    })
    .await
    .and_then(Result::ok)
    .map(|frame| frame.data_ref().map_or(0, Bytes::len) as u64)
}

/// One request of each label set.
fn drive(layer: &MetricsLayer) {
    let mut service = layer.layer(service_fn(async |request: Request<()>| {
        let status = request.extensions().get::<u16>().copied().unwrap_or(200);
        let response = Response::builder().status(status).body(String::new());
        Ok::<_, Infallible>(response.expect("a valid response"))
    }));
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..LABEL_SETS {
        let template = format!("/resource{}/{{id}}", n / 100).leak();
        let request = Request::builder()
            .method([Method::GET, Method::POST][n / 50 % 2].clone())
            .extension(RouteTemplate::new(template))
            .extension(200 + (n % 50) as u16)
            .body(());
        let future = service.call(request.expect("a valid request"));
        assert!(pin!(future).poll(&mut cx).is_ready());
    }
}
