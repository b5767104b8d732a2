//! How the endpoint answers, whoever asks and however: compressed or not, many at once, slow or gone, and
//! with collectors that fail.

mod clients_may_be_slow_or_gone;
mod every_encoding_is_whole;
mod failures_are_whole_answers;
mod it_tells_of_itself;
mod scrapes_take_turns;

use crate::support::serve;
use axum::Router;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
    },
    registry::Registry,
};
use std::{
    convert::Infallible,
    fmt, iter,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::{
    CompressionLevel, compression::CompressionLayer, decompression::DecompressionLayer,
};
use tower_red::{Exposition, ExpositionBody, ExpositionFuture, MetricsLayer, RouteTemplate};

async fn handle(_: Request<()>) -> Result<Response<String>, Infallible> {
    Ok(Response::default())
}

/// A layer that has seen one request on each of that many routes, and a registry beside it.
async fn exposition(routes: usize) -> Exposition {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let (layer, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let mut service = layer.layer(service_fn(handle));
    for n in 0..routes {
        let template = Box::leak(format!("/route/{n:04}/{{id}}").into_boxed_str());
        let request = Request::builder().extension(RouteTemplate::new(template));
        service.call(request.body(()).unwrap()).await.unwrap();
    }
    exposition
}

/// What an endpoint answers in process.
async fn answer(exposition: &Exposition, headers: &[(&str, &str)]) -> Response<ExpositionBody> {
    let mut request = Request::new(());
    for (name, value) in headers {
        let name: header::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    exposition.clone().oneshot(request).await.unwrap()
}

/// What a scrape can be sent in by a layer around the endpoint.
const ENCODINGS: [&str; 3] = ["identity", "gzip", "zstd"];

/// An endpoint on a socket, compressed for who wants that.
async fn served_compressed(exposition: Exposition) -> SocketAddr {
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    serve(Router::new().route_service("/metrics", compression.layer(exposition))).await
}

async fn decode(encoding: &str, bytes: &[u8]) -> String {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(bytes)));
    let value = encoding.parse().unwrap();
    response.headers_mut().insert("content-encoding", value);
    let encoded = service_fn(|_: Request<()>| {
        let response = response.clone();
        async { Ok::<_, Infallible>(response) }
    });
    let decoded = DecompressionLayer::new().layer(encoded);
    let decoded = decoded.oneshot(Request::new(())).await.unwrap();
    let bytes = decoded.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.into()).unwrap()
}

/// How often a waker woke.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A scrape that is polled by hand.
struct Polled {
    scrape: Pin<Box<ExpositionFuture>>,
    woken: Arc<Woken>,
}

impl Polled {
    fn new(exposition: &Exposition) -> Self {
        let scrape = exposition.clone().call(Request::new(()));
        Self {
            scrape: Box::pin(scrape),
            woken: Arc::default(),
        }
    }

    fn poll(&mut self) -> Option<Response<ExpositionBody>> {
        let waker = Waker::from(self.woken.clone());
        match self.scrape.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(response) => Some(response.unwrap()),
            Poll::Pending => None,
        }
    }

    fn finish(&mut self) -> Response<ExpositionBody> {
        iter::repeat_with(|| self.poll())
            .take(10_000)
            .find_map(|response| response)
            .expect("it is its turn")
    }

    /// How often it was woken since it was last asked.
    fn woken(&self) -> usize {
        self.woken.0.swap(0, Ordering::SeqCst)
    }
}

/// What a collector does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Count,
    Fail,
    Panic,
}

/// A collector that writes something, and then does as it is told.
#[derive(Clone, Debug)]
struct Told(Arc<Mutex<Does>>);

impl Told {
    fn to(does: Does) -> Self {
        Self(Arc::new(Mutex::new(does)))
    }

    fn tell(&self, does: Does) {
        *self.0.lock().unwrap() = does;
    }
}

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let does = *self.0.lock().unwrap();
        let counter = ConstCounter::new(1_u64);
        let metric = encoder.encode_descriptor("told", "Told", None, MetricType::Counter)?;
        match does {
            Does::Count => counter.encode(metric),
            Does::Fail => Err(fmt::Error),
            Does::Panic => panic!("told to"),
        }
    }
}
