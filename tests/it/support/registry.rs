//! Metrics of a user's own, and layers, that are hard to write.

use super::TestLayer;
use http::{Request, Response};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        MetricType,
        counter::Counter,
        exemplar::{CounterWithExemplar, HistogramWithExemplars},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
        info::Info,
    },
    registry::{Registry, Unit},
};
use std::{
    borrow::Cow,
    fmt,
    future::Future,
    sync::atomic::AtomicU64,
    time::{Duration, SystemTime},
};
use tower_red::{MetricsLayer, MetricsLayerBuilder, Naming, RequestHead, RouteTemplate, TraceId};

impl TestLayer {
    /// A request that takes so long and gets that status.
    pub(crate) fn take(&self, duration: Duration, route: &'static str, status: u16) {
        let request = Request::get("/").extension(RouteTemplate::new(route));
        let response = Response::builder().status(status).body(String::new());
        self.respond_after(duration, request.body(()).unwrap(), response.unwrap());
    }

    /// A request whose response does not come.
    pub(crate) fn start(&self, route: &'static str) -> impl Future + use<> {
        let request = Request::put("/").extension(RouteTemplate::new(route));
        self.never(request.body(()).unwrap())
    }

    /// One of each ending, and one that goes on.
    pub(crate) fn take_some(&self) -> impl Future + use<> {
        for (millis, status) in [(0, 200), (3, 200), (70, 404), (2_500, 500), (60_000, 503)] {
            let duration = Duration::from_millis(millis);
            self.take(duration, "/users/{id}", status);
            self.take(duration, "/\"a\\b\nc\u{e9}\u{1f980}\"", status);
        }
        drop(self.start("/users/{id}"));
        self.start("/users/{id}")
    }
}

pub(crate) fn hostile(builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
    builder
        .constant_label("zone", "a\"b\\c\nd\u{e9}")
        .constant_label("empty", "")
        .namespace("shop")
}

/// A layer of a server and one of a client under that naming, each also with names and labels that are hard to write.
/// All of their requests become exemplars.
pub(crate) fn layers_under(naming: Naming) -> [TestLayer; 4] {
    let server = || MetricsLayer::builder().naming(naming);
    let client = || server().client();
    let builders = [server(), hostile(server()), client(), hostile(client())];
    let trace = |_: RequestHead<'_>| TraceId::from_bytes([7; 16]);
    builders.map(|builder| TestLayer::new(builder.exemplar(trace)))
}

pub(crate) type Pairs = Vec<(String, String)>;

pub(crate) fn owned(pairs: &[(&str, &str)]) -> Pairs {
    let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
    pairs.iter().map(owned).collect()
}

/// A metric of unknown type.
#[derive(Debug)]
struct Unknown;

impl Collector for Unknown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let metric =
            encoder.encode_descriptor("mystery", "What is it", None, MetricType::Unknown)?;
        ConstGauge::new(-1.5).encode(metric)
    }
}

/// A family without samples: the library leaves out its own, and not a collector's.
#[derive(Debug)]
pub(crate) struct Empty;

impl Collector for Empty {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let kind = MetricType::Histogram;
        encoder.encode_descriptor("empty", "Nothing", Some(&Unit::Bytes), kind)?;
        Ok(())
    }
}

/// One metric of every kind that the library has, with labels that are hard to write.
pub(crate) fn full_registry() -> Registry {
    let hostile = owned(&[("a", "x\"y\\z\n} # {"), ("b", "\u{e9}=\",")]);
    let mut registry =
        Registry::with_labels([(Cow::from("all"), Cow::from("them, \\n"))].into_iter());

    let jobs = Family::<Pairs, Counter>::default();
    jobs.get_or_create(&hostile).inc_by(u64::MAX);
    jobs.get_or_create(&owned(&[("a", "b\\")])).inc();
    registry.register("jobs", "Jobs \"done\" \\ by\\n hand", jobs);
    registry.register_with_unit(
        "cpu",
        "Time",
        Unit::Seconds,
        Counter::<f64, AtomicU64>::default(),
    );

    let traced = CounterWithExemplar::<Pairs>::default();
    traced.inc_by(3, Some(hostile.clone()), Some(SystemTime::now()));
    registry.register("traced", "Traced", traced);

    for (name, value) in [
        ("up", f64::INFINITY),
        ("down", f64::NEG_INFINITY),
        ("none", f64::NAN),
        ("small", -1.25e-300),
    ] {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, "A gauge", gauge);
    }
    registry.register("temperature", "Outside", ConstGauge::new(-7_i64));

    let times =
        Family::<Pairs, Histogram>::new_with_constructor(|| Histogram::new([0.5, 1.0, 2.5]));
    for labels in [&hostile, &owned(&[("a", "b")]), &owned(&[])] {
        times.get_or_create(labels).observe(0.75);
        times.get_or_create(labels).observe(1e9);
    }
    drop(times.get_or_create(&owned(&[("a", "c")])));
    registry.register_with_unit("times", "Times", Unit::Seconds, times);
    let times = HistogramWithExemplars::<Pairs>::new([0.5, 1.0].into_iter());
    times.observe(0.25, Some(hostile.clone()), Some(SystemTime::now()));
    times.observe(0.75, Some(owned(&[])), None);
    times.observe(7.0, None, None);
    registry.register("sizes", "Sizes", times);

    registry.register_collector(Box::new(Empty));
    // Prometheus rejects a unit that the name does not end with.
    registry.register_with_unit("build", "Build", Unit::Ratios, Info::new(hostile));
    let sub = registry.sub_registry_with_prefix("sub");
    sub.register_collector(Box::new(Unknown));
    registry
}
