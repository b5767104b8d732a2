//! The endpoint in protobuf: it says what the text says, read by a decoder that is not ours.

use crate::support::{CLASSIC, OPEN_METRICS, TestLayer, http1, request, served, text};
use http::{Request, Response};
use http_body_util::BodyExt;
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
use prost::Message;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    future::Future,
    sync::atomic::AtomicU64,
    time::{Duration, SystemTime},
};
use tower::ServiceExt;
use tower_red::{
    Exposition, ExpositionBody, MetricsLayer, MetricsLayerBuilder, Naming, NativeHistogram,
    RouteTemplate, ScrapeError, TraceId,
};

/// As Prometheus asks with native histograms on.
const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// What Prometheus declares of `io.prometheus.client`, as far as anything here has it.
mod client {
    #![allow(unreachable_pub)]

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct MetricFamily {
        #[prost(string, optional, tag = "1")]
        pub name: Option<String>,
        #[prost(string, optional, tag = "2")]
        pub help: Option<String>,
        #[prost(int32, optional, tag = "3")]
        pub kind: Option<i32>,
        #[prost(message, repeated, tag = "4")]
        pub metric: Vec<Metric>,
        #[prost(string, optional, tag = "5")]
        pub unit: Option<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Metric {
        #[prost(message, repeated, tag = "1")]
        pub label: Vec<LabelPair>,
        #[prost(message, optional, tag = "2")]
        pub gauge: Option<Value>,
        #[prost(message, optional, tag = "3")]
        pub counter: Option<Value>,
        #[prost(message, optional, tag = "5")]
        pub untyped: Option<Value>,
        #[prost(message, optional, tag = "7")]
        pub histogram: Option<Histogram>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct LabelPair {
        #[prost(string, optional, tag = "1")]
        pub name: Option<String>,
        #[prost(string, optional, tag = "2")]
        pub value: Option<String>,
    }

    /// `Gauge`, `Counter` and `Untyped`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Value {
        #[prost(double, optional, tag = "1")]
        pub value: Option<f64>,
        #[prost(message, optional, tag = "2")]
        pub exemplar: Option<Exemplar>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Histogram {
        #[prost(uint64, optional, tag = "1")]
        pub sample_count: Option<u64>,
        #[prost(double, optional, tag = "2")]
        pub sample_sum: Option<f64>,
        #[prost(message, repeated, tag = "3")]
        pub bucket: Vec<Bucket>,
        #[prost(sint32, optional, tag = "5")]
        pub schema: Option<i32>,
        #[prost(double, optional, tag = "6")]
        pub zero_threshold: Option<f64>,
        #[prost(uint64, optional, tag = "7")]
        pub zero_count: Option<u64>,
        #[prost(message, repeated, tag = "12")]
        pub positive_span: Vec<BucketSpan>,
        #[prost(sint64, repeated, tag = "13")]
        pub positive_delta: Vec<i64>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Bucket {
        #[prost(uint64, optional, tag = "1")]
        pub cumulative_count: Option<u64>,
        #[prost(double, optional, tag = "2")]
        pub upper_bound: Option<f64>,
        #[prost(message, optional, tag = "3")]
        pub exemplar: Option<Exemplar>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct BucketSpan {
        #[prost(sint32, optional, tag = "1")]
        pub offset: Option<i32>,
        #[prost(uint32, optional, tag = "2")]
        pub length: Option<u32>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Exemplar {
        #[prost(message, repeated, tag = "1")]
        pub label: Vec<LabelPair>,
        #[prost(double, optional, tag = "2")]
        pub value: Option<f64>,
        #[prost(message, optional, tag = "3")]
        pub timestamp: Option<Timestamp>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Timestamp {
        #[prost(int64, optional, tag = "1")]
        pub seconds: Option<i64>,
        #[prost(int32, optional, tag = "2")]
        pub nanos: Option<i32>,
    }
}

type Labels = BTreeMap<String, String>;

/// What a scrape says, however it is written.
#[derive(Debug, Default, PartialEq)]
struct Said {
    /// By the name that the classic format declares: type and help. Of families that have samples.
    families: BTreeMap<String, (String, String)>,
    samples: BTreeMap<(String, Labels), Number>,
    /// By sample: labels, value, and time in milliseconds.
    exemplars: BTreeMap<(String, Labels), (Labels, Number, Option<i64>)>,
}

/// A number that equals itself.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.0.is_nan() && other.0.is_nan()
    }
}

impl Said {
    fn add(&mut self, name: &str, labels: Labels, value: f64) {
        let series = (name.to_owned(), labels);
        let before = self.samples.insert(series, Number(value));
        assert_eq!(before, None, "{name}");
    }

    fn of_text(classic: &str, open_metrics: &str) -> Self {
        let mut said = Self::default();
        let mut declared = BTreeMap::new();
        let mut help = "";
        for line in classic.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                help = rest.split_once(' ').unwrap().1;
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                let help = help.replace("\\\\", "\\");
                declared.insert(name.to_owned(), (kind.to_owned(), help));
            } else {
                let (name, labels, rest) = parse_series(line);
                let of = declared.keys().filter(|family| {
                    let suffix = name.strip_prefix(family.as_str());
                    suffix.is_some_and(|it| ["", "_sum", "_count", "_bucket"].contains(&it))
                });
                let family = of.max_by_key(|family| family.len()).unwrap().clone();
                said.families
                    .insert(family.clone(), declared[&family].clone());
                said.add(&name, labels, rest.parse().unwrap());
            }
        }
        for line in open_metrics.lines().filter(|line| !line.starts_with('#')) {
            let (name, labels, rest) = parse_series(line);
            if let Some((_, exemplar)) = rest.split_once(" # ") {
                let (_, pairs, rest) = parse_series(exemplar);
                let (value, time) = rest.split_once(' ').unwrap_or((rest, ""));
                let millis = match time {
                    "" => None,
                    time => Some((time.parse::<f64>().unwrap() * 1e6).round() as i64 / 1_000),
                };
                let value = Number(value.parse().unwrap());
                said.exemplars
                    .insert((name, labels), (pairs, value, millis));
            }
        }
        said
    }

    fn of_protobuf(families: &[client::MetricFamily]) -> Self {
        let mut said = Self::default();
        for family in families {
            let name = family.name.clone().unwrap();
            let kind = ["counter", "gauge", "summary", "untyped", "histogram"]
                [family.kind.unwrap() as usize];
            let declared = (kind.to_owned(), family.help.clone().unwrap());
            let before = said.families.insert(name.clone(), declared);
            assert_eq!(before, None, "{name}");
            assert!(!family.metric.is_empty(), "{name}");
            for metric in &family.metric {
                let labels = pairs(&metric.label);
                let values = [&metric.counter, &metric.gauge, &metric.untyped];
                let values = ["counter", "gauge", "untyped"].iter().zip(values);
                for (of, value) in values {
                    assert_eq!(value.is_some(), kind == *of, "{name}");
                    if let Some(value) = value {
                        said.add(&name, labels.clone(), value.value.unwrap());
                        said.add_exemplar((name.clone(), labels.clone()), &value.exemplar);
                    }
                }
                assert_eq!(metric.histogram.is_some(), kind == "histogram", "{name}");
                if let Some(histogram) = &metric.histogram {
                    said.add_histogram(&name, &labels, histogram);
                }
            }
        }
        said
    }

    fn add_histogram(&mut self, name: &str, labels: &Labels, histogram: &client::Histogram) {
        let count = histogram.sample_count.unwrap() as f64;
        self.add(&format!("{name}_count"), labels.clone(), count);
        let sum = histogram.sample_sum.unwrap();
        self.add(&format!("{name}_sum"), labels.clone(), sum);
        for bucket in &histogram.bucket {
            let bound = bucket.upper_bound.unwrap();
            let mut labels = labels.clone();
            labels.insert("le".into(), bound_text(bound));
            let name = format!("{name}_bucket");
            let count = bucket.cumulative_count.unwrap() as f64;
            self.add(&name, labels.clone(), count);
            self.add_exemplar((name, labels), &bucket.exemplar);
        }
    }

    fn add_exemplar(&mut self, of: (String, Labels), exemplar: &Option<client::Exemplar>) {
        if let Some(exemplar) = exemplar {
            let millis = exemplar.timestamp.as_ref().map(|time| {
                // As Prometheus does it.
                time.seconds.unwrap() * 1_000 + i64::from(time.nanos.unwrap()) / 1_000_000
            });
            let value = Number(exemplar.value.unwrap());
            let exemplar = (pairs(&exemplar.label), value, millis);
            self.exemplars.insert(of, exemplar);
        }
    }
}

fn pairs(labels: &[client::LabelPair]) -> Labels {
    let pair = |it: &client::LabelPair| (it.name.clone().unwrap(), it.value.clone().unwrap());
    let pairs: Labels = labels.iter().map(pair).collect();
    assert_eq!(pairs.len(), labels.len());
    pairs
}

/// The bound as text has it.
fn bound_text(bound: f64) -> String {
    match bound {
        f64::INFINITY => String::from("+Inf"),
        bound => format!("{bound:?}"),
    }
}

/// The name, the labels, and what comes after them.
fn parse_series(line: &str) -> (String, Labels, &str) {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        while !inside.starts_with('}') {
            let (label, after) = inside.split_once("=\"").unwrap();
            let mut value = String::new();
            let mut chars = after.chars();
            loop {
                match chars.next().unwrap() {
                    '"' => break,
                    '\\' => value.push(match chars.next().unwrap() {
                        'n' => '\n',
                        char => char,
                    }),
                    char => value.push(char),
                }
            }
            labels.insert(label.to_owned(), value);
            inside = chars.as_str();
            inside = inside.strip_prefix(',').unwrap_or(inside);
        }
        rest = inside.strip_prefix('}').unwrap();
    }
    (name.to_owned(), labels, rest.strip_prefix(' ').unwrap())
}

async fn answer(exposition: &Exposition, accept: &str) -> Response<ExpositionBody> {
    let request = Request::get("/metrics").header("accept", accept).body(());
    let scrape = exposition.clone().oneshot(request.unwrap());
    scrape.await.unwrap()
}

fn decode(mut bytes: &[u8]) -> Vec<client::MetricFamily> {
    let mut families = Vec::new();
    while !bytes.is_empty() {
        families.push(client::MetricFamily::decode_length_delimited(&mut bytes).unwrap());
    }
    families
}

async fn scrape(exposition: &Exposition) -> Vec<client::MetricFamily> {
    let response = answer(exposition, PROTOBUF).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    );
    let length = response.headers()["content-length"].clone();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(length, bytes.len().to_string());
    decode(&bytes)
}

/// Scrapes in all formats, and returns what they say alike.
async fn compare(exposition: &Exposition) -> (Said, Vec<client::MetricFamily>) {
    let classic = text(exposition, CLASSIC).await;
    let open_metrics = text(exposition, OPEN_METRICS).await;
    let families = scrape(exposition).await;
    let said = Said::of_protobuf(&families);
    assert_eq!(said, Said::of_text(&classic, &open_metrics));
    (said, families)
}

impl TestLayer {
    /// A request that takes so long and gets that status.
    fn take(&self, duration: Duration, route: &'static str, status: u16) {
        let request = Request::get("/").extension(RouteTemplate::new(route));
        let response = Response::builder().status(status).body(String::new());
        self.respond_after(duration, request.body(()).unwrap(), response.unwrap());
    }

    /// A request whose response does not come.
    fn start(&self, route: &'static str) -> impl Future + use<> {
        let request = Request::put("/").extension(RouteTemplate::new(route));
        self.never(request.body(()).unwrap())
    }

    /// One of each ending, and one that goes on.
    fn take_some(&self) -> impl Future + use<> {
        for (millis, status) in [(0, 200), (3, 200), (70, 404), (2_500, 500), (60_000, 503)] {
            let duration = Duration::from_millis(millis);
            self.take(duration, "/users/{id}", status);
            self.take(duration, "/\"a\\b\nc\u{e9}\u{1f980}\"", status);
        }
        drop(self.start("/users/{id}"));
        self.start("/users/{id}")
    }
}

fn hostile(builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
    builder
        .constant_label("zone", "a\"b\\c\nd\u{e9}")
        .constant_label("empty", "")
        .namespace("shop")
}

#[tokio::test]
async fn every_sample_is_that_of_the_text_under_all_names() {
    for naming in [
        Naming::Prometheus,
        Naming::OpenTelemetry,
        Naming::AxumPrometheus,
    ] {
        for client in [false, true] {
            let builder = || {
                let builder = MetricsLayer::builder().naming(naming);
                match client {
                    true => builder.client(),
                    false => builder,
                }
            };
            for builder in [builder(), hostile(builder())] {
                let trace = |_: &http::request::Parts| TraceId::from_bytes([7; 16]);
                let driven = TestLayer::new(builder.exemplar(trace));
                let _in_flight = driven.take_some();
                let (said, families) = compare(&driven.exposition).await;
                assert!(said.samples.len() > 50, "{said:?}");
                assert!(said.exemplars.len() > 5, "{said:?}");
                let seconds = families.iter().filter(|family| family.unit.is_some());
                for family in seconds {
                    assert_eq!(family.unit.as_deref(), Some("seconds"));
                    assert!(family.name().ends_with("_seconds"));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_counter_has_the_name_of_its_samples_and_the_order_is_that_of_the_text() {
    let driven = TestLayer::new(MetricsLayer::builder());
    let _in_flight = driven.take_some();
    let families = scrape(&driven.exposition).await;
    let names: Vec<&str> = families.iter().map(client::MetricFamily::name).collect();
    let text = text(&driven.exposition, CLASSIC).await;
    let declared = text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some(name)
    });
    assert_eq!(names, declared.collect::<Vec<_>>());
    assert!(names.contains(&"http_requests_total"), "{names:?}");
    assert!(families.iter().all(|family| !family.help().is_empty()));
}

#[tokio::test]
async fn what_has_no_samples_is_left_out() {
    let driven = TestLayer::new(MetricsLayer::builder());
    let (said, _) = compare(&driven.exposition).await;
    let names: Vec<&String> = said.families.keys().collect();
    assert_eq!(names, ["http_label_sets", "http_overflowed_requests_total"]);

    let mut registry = Registry::default();
    registry.register(
        "jobs",
        "Jobs done",
        Family::<Vec<(String, String)>, Counter>::default(),
    );
    registry.register_collector(Box::new(Empty));
    assert_eq!(scrape(&Exposition::new(registry)).await, []);
    assert_eq!(scrape(&Exposition::new(Registry::default())).await, []);
}

/// Prometheus' definition: bucket `i` is up to `2^(i * 2^-schema)`.
fn index(seconds: f64, schema: u8) -> i32 {
    (seconds.log2() * f64::from(1 << schema)).ceil() as i32
}

/// The counts of a native histogram, by index.
fn native_counts(histogram: &client::Histogram) -> BTreeMap<i32, i64> {
    let mut counts = BTreeMap::new();
    let (mut at, mut count) = (0, 0);
    let mut deltas = histogram.positive_delta.iter();
    for span in &histogram.positive_span {
        at += span.offset();
        for _ in 0..span.length() {
            count += deltas.next().unwrap();
            counts.insert(at, count);
            at += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    counts
}

fn histograms(families: &[client::MetricFamily]) -> Vec<client::Histogram> {
    let metrics = families.iter().flat_map(|family| &family.metric);
    metrics
        .filter_map(|metric| metric.histogram.clone())
        .collect()
}

#[tokio::test]
async fn a_native_histogram_is_beside_the_classic_buckets() {
    for schema in [0, 3, 8] {
        let native = NativeHistogram::default()
            .schema(schema)
            .window(Duration::from_micros(100), Duration::from_secs(60));
        let driven = TestLayer::new(MetricsLayer::builder().native_histogram(native));
        // None of them at a bound, where floating point could go either way.
        let millis = [1, 3, 3, 3, 4, 70, 71, 72, 700, 1_500, 1_501, 30_001];
        let mut expected = BTreeMap::new();
        for millis in millis {
            driven.take(Duration::from_millis(millis), "/", 200);
            let at = index(millis as f64 / 1e3, schema);
            *expected.entry(at).or_insert(0) += 1;
        }
        driven.take(Duration::from_nanos(900), "/", 200);
        driven.take(Duration::ZERO, "/", 200);
        let (_, families) = compare(&driven.exposition).await;
        let [histogram] = &*histograms(&families) else {
            panic!("{families:?}");
        };
        assert_eq!(histogram.schema, Some(i32::from(schema)));
        assert_eq!(histogram.zero_count, Some(2));
        let threshold = histogram.zero_threshold.unwrap();
        assert!((0.000_01..=0.000_1).contains(&threshold), "{threshold}");
        assert_eq!(native_counts(histogram), expected, "{schema}");
        assert_eq!(histogram.sample_count, Some(14));
        assert_eq!(
            histogram.bucket.last().unwrap().upper_bound,
            Some(f64::INFINITY)
        );
    }
}

#[tokio::test]
async fn a_native_histogram_without_populated_buckets_is_known_by_an_empty_span() {
    let builder = MetricsLayer::builder().native_histogram(NativeHistogram::default());
    let driven = TestLayer::new(builder);
    driven.take(Duration::ZERO, "/", 200);
    let families = scrape(&driven.exposition).await;
    let [histogram] = &*histograms(&families) else {
        panic!("{families:?}");
    };
    let span = client::BucketSpan {
        offset: Some(0),
        length: Some(0),
    };
    assert_eq!(histogram.positive_span, [span]);
    assert_eq!(histogram.zero_count, Some(1));

    let driven = TestLayer::new(MetricsLayer::builder());
    driven.take(Duration::ZERO, "/", 200);
    let classic = histograms(&scrape(&driven.exposition).await);
    assert_eq!(
        (classic[0].schema, &*classic[0].positive_span),
        (None, &[][..])
    );
}

#[tokio::test]
async fn a_big_scrape_comes_in_pieces_and_knows_its_length_compressed_or_not() {
    let driven =
        TestLayer::new(MetricsLayer::builder().native_histogram(NativeHistogram::default()));
    for n in 0..2_000 {
        let route = Box::leak(format!("/route/{n:04}/{{id}}").into_boxed_str());
        driven.take(Duration::from_millis(n), route, 200);
    }
    let (said, _) = compare(&driven.exposition).await;
    assert!(said.samples.len() > 30_000);

    let mut body = answer(&driven.exposition, PROTOBUF).await.into_body();
    let (mut plain, mut frames) = (Vec::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.unwrap().into_data().unwrap();
        frames.push(frame.len());
        plain.extend_from_slice(&frame);
    }
    assert!(frames.len() > 10, "{frames:?}");
    assert!(frames.iter().all(|frame| *frame < 64 * 1024), "{frames:?}");

    let mut sender = http1(served(driven.exposition.clone()).await).await;
    let codings = [
        "identity",
        #[cfg(feature = "gzip")]
        "gzip",
        #[cfg(feature = "zstd")]
        "zstd",
    ];
    for coding in codings {
        let mut lengths = Vec::new();
        for method in ["HEAD", "GET"] {
            let mut request = request(method, "/metrics");
            let headers = request.headers_mut();
            headers.insert("accept", PROTOBUF.parse().unwrap());
            headers.insert("accept-encoding", coding.parse().unwrap());
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            lengths.push(response.headers()["content-length"].clone());
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            if method == "HEAD" {
                assert!(bytes.is_empty());
                continue;
            }
            assert_eq!(lengths, [&bytes.len().to_string(); 2], "{coding}");
            let bytes: Vec<u8> = match coding {
                #[cfg(feature = "gzip")]
                "gzip" => {
                    let mut decoded = Vec::new();
                    let mut decoder = flate2::read::GzDecoder::new(&*bytes);
                    std::io::Read::read_to_end(&mut decoder, &mut decoded).unwrap();
                    decoded
                }
                #[cfg(feature = "zstd")]
                "zstd" => zstd::stream::decode_all(&*bytes).unwrap(),
                _ => bytes.into(),
            };
            assert!(bytes == plain, "{coding}");
        }
    }
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
struct Empty;

impl Collector for Empty {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let kind = MetricType::Histogram;
        encoder.encode_descriptor("empty", "Nothing", Some(&Unit::Bytes), kind)?;
        Ok(())
    }
}

type Pairs = Vec<(String, String)>;

fn owned(pairs: &[(&str, &str)]) -> Pairs {
    let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
    pairs.iter().map(owned).collect()
}

fn full_registry() -> Registry {
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

#[tokio::test]
async fn a_registry_says_what_its_text_says() {
    let (said, families) = compare(&Exposition::new(full_registry())).await;
    let kinds: BTreeMap<_, _> = said
        .families
        .iter()
        .map(|(name, (kind, _))| (&**name, &**kind))
        .collect();
    let expected = [
        ("build_ratios_info", "gauge"),
        ("cpu_seconds_total", "counter"),
        ("down", "gauge"),
        ("jobs_total", "counter"),
        ("none", "gauge"),
        ("sizes", "histogram"),
        ("small", "gauge"),
        ("sub_mystery", "untyped"),
        ("temperature", "gauge"),
        ("times_seconds", "histogram"),
        ("traced_total", "counter"),
        ("up", "gauge"),
    ];
    assert_eq!(kinds, expected.into());
    assert_eq!(said.exemplars.len(), 3);
    let units = families
        .iter()
        .filter_map(|family| Some((family.name(), family.unit.as_deref()?)));
    let units: BTreeMap<_, _> = units.collect();
    assert_eq!(
        units,
        [
            ("cpu_seconds_total", "seconds"),
            ("times_seconds", "seconds")
        ]
        .into()
    );
}

#[tokio::test]
async fn a_registry_comes_before_a_layer_and_the_endpoint_itself_after_it() {
    let driven = TestLayer::new(hostile(MetricsLayer::builder()).registry(full_registry()));
    let _in_flight = driven.take_some();
    compare(&driven.exposition).await;
    let exposition = driven.exposition.clone().instrumented();
    text(&exposition, CLASSIC).await;
    let families = scrape(&exposition).await;
    let names: Vec<&str> = families.iter().map(client::MetricFamily::name).collect();
    let at = |name| names.iter().position(|it| *it == name).unwrap();
    let places = [
        "jobs_total",
        "shop_http_requests_total",
        "exposition_scrapes_total",
    ]
    .map(at);
    assert!(places.is_sorted(), "{names:?}");
    assert_eq!(names.last(), Some(&"exposition_scrape_duration_seconds"));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let mut registry = Registry::default();
    let jobs = Family::<Pairs, Counter>::default();
    drop(jobs.get_or_create(&owned(&[("a=\"b\"c", "d")])));
    registry.register("jobs", "Jobs done", jobs);
    let response = answer(&Exposition::new(registry), PROTOBUF).await;
    assert_eq!(response.status(), 500);
    let error = response.extensions().get::<ScrapeError>();
    let family = String::from("jobs");
    assert_eq!(error, Some(&ScrapeError::MalformedFamily { family }));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(
        body.starts_with(b"metric family \"jobs\" is malformed"),
        "{body:?}"
    );
}

#[tokio::test]
async fn who_does_not_ask_for_it_gets_text() {
    let driven = TestLayer::new(MetricsLayer::builder());
    for accept in [
        "*/*",
        "application/*",
        "application/vnd.google.protobuf;encoding=text",
    ] {
        let response = answer(&driven.exposition, accept).await;
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.contains("text"), "{kind}");
    }
}
