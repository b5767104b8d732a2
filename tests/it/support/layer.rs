//! A layer in process: requests that end as they are told to, at times that are set.

use super::{
    Scrape, ScriptedBody,
    Step::{Data, End, Error},
};
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use prometheus_client::registry::Registry;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Future, pending, ready},
    time::Duration,
};
use tower::{Layer, Service, service_fn};
use tower_red::{Buckets, Exposition, MetricsLayer, MetricsLayerBuilder, ResponseBody, TestClock};

/// A layer with a clock that goes when it is told to, and where its metrics are read.
pub(crate) struct TestLayer<E = Exposition> {
    pub(crate) metrics: MetricsLayer,
    pub(crate) clock: TestClock,
    pub(crate) exposition: E,
}

/// One whose metrics are read elsewhere.
impl TestLayer<()> {
    pub(crate) fn pair(builder: MetricsLayerBuilder) -> (Self, Exposition) {
        let clock = TestClock::new();
        let (metrics, exposition) = builder.clock(&clock).pair().unwrap();
        let layer = Self {
            metrics,
            clock,
            exposition: (),
        };
        (layer, exposition)
    }

    pub(crate) fn register(builder: MetricsLayerBuilder, registry: &mut Registry) -> Self {
        let clock = TestClock::new();
        Self {
            metrics: builder.clock(&clock).register(registry).unwrap(),
            clock,
            exposition: (),
        }
    }

    pub(crate) fn read_by(self, exposition: Exposition) -> TestLayer {
        TestLayer {
            metrics: self.metrics,
            clock: self.clock,
            exposition,
        }
    }
}

impl Default for TestLayer {
    fn default() -> Self {
        Self::new(MetricsLayer::builder())
    }
}

impl TestLayer {
    pub(crate) fn new(builder: MetricsLayerBuilder) -> Self {
        let (layer, exposition) = TestLayer::pair(builder);
        layer.read_by(exposition)
    }

    pub(crate) async fn scrape(&self) -> Scrape {
        Scrape::of(&self.exposition).await
    }

    /// All that was counted from the beginning, and what is in flight.
    pub(crate) async fn all(&self) -> BTreeMap<String, f64> {
        self.scrape().await.since(&Scrape::default())
    }

    /// Whatever happens in there changes that, and nothing is in flight then.
    pub(crate) async fn counts(&self, expected: BTreeMap<String, f64>, way: impl FnOnce()) {
        let before = self.scrape().await;
        way();
        let after = self.scrape().await;
        assert_eq!(after.since(&before), expected);
        let mut gauges = after
            .0
            .iter()
            .filter(|(series, _)| series.starts_with("http_requests_in_flight"));
        assert!(gauges.all(|(_, value)| *value == 0.0), "{after:?}");
    }
}

impl<E> TestLayer<E> {
    /// One request from its start to its end: so long before its head, and so long after it.
    pub(crate) async fn send(
        &self,
        request: Request<()>,
        (before, after): (Duration, Duration),
        ending: Ending,
    ) {
        let mut service = self.metrics.layer(service_fn(handle));
        let mut future = Box::pin(service.call(request.map(|()| ending)));
        self.clock.advance(before);
        if let Ending::LeftBeforeHead = ending {
            assert!((&mut future).now_or_never().is_none());
            return self.clock.advance(after);
        }
        let response = match future.await {
            Ok(response) => response,
            Err(error) => return assert!(matches!(ending, Ending::ServiceFails), "{error}"),
        };
        self.clock.advance(after);
        let mut body = response.into_body();
        if let Ending::LeftInBody = ending {
            body.frame().await.unwrap().unwrap();
        } else {
            let read = body.collect().await;
            assert_eq!(read.is_err(), matches!(ending, Ending::BodyFails));
        }
    }

    /// What the layer makes of this response to that request, so long after it.
    pub(crate) fn respond_after<R, B: http_body::Body>(
        &self,
        duration: Duration,
        request: Request<R>,
        response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        pass(&self.metrics, request, response, || {
            self.clock.advance(duration);
        })
    }

    pub(crate) fn respond<R, B: http_body::Body>(
        &self,
        request: Request<R>,
        response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        self.respond_after(Duration::ZERO, request, response)
    }

    /// One that is not answered.
    pub(crate) fn never(&self, request: Request<()>) -> impl Future + Unpin + use<E> {
        let service = service_fn(|_| pending::<Result<Response<ScriptedBody>, Infallible>>());
        Box::pin(self.metrics.layer(service).call(request))
    }
}

/// What a layer makes of this response, to a request that says nothing.
pub(crate) fn respond<B: http_body::Body>(
    metrics: &MetricsLayer,
    response: Response<B>,
) -> Response<ResponseBody<B>> {
    pass(metrics, Request::new(()), response, || {})
}

fn pass<R, B: http_body::Body>(
    metrics: &MetricsLayer,
    request: Request<R>,
    response: Response<B>,
    meanwhile: impl FnOnce(),
) -> Response<ResponseBody<B>> {
    let mut response = Some(response);
    let service = service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap())));
    let future = metrics.layer(service).call(request);
    meanwhile();
    future.now_or_never().unwrap().unwrap()
}

/// How a request ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// With a response of that status.
    Answer(u16),
    /// With one that has that `grpc-status` in its head.
    Grpc(&'static str),
    LeftBeforeHead,
    LeftInBody,
    BodyFails,
    ServiceFails,
}

/// Ends requests, as far as that is for a service to do.
pub(crate) async fn handle(
    request: Request<Ending>,
) -> Result<Response<ScriptedBody>, &'static str> {
    let ending = *request.body();
    let script = match ending {
        Ending::LeftBeforeHead => pending().await,
        Ending::ServiceFails => return Err("service"),
        Ending::BodyFails => [Data, Error].as_slice(),
        _ => &[Data, Data, End],
    };
    let mut response = Response::new(ScriptedBody::new(script));
    match ending {
        Ending::Answer(status) => *response.status_mut() = StatusCode::from_u16(status).unwrap(),
        Ending::Grpc(number) => {
            let headers = response.headers_mut();
            headers.insert("content-type", "application/grpc".parse().unwrap());
            headers.insert("grpc-status", number.parse().unwrap());
        }
        _ => {}
    }
    Ok(response)
}

/// Few enough to be written out.
pub(crate) fn two_buckets() -> Buckets {
    Buckets::custom([0.1, 1.0]).unwrap()
}
