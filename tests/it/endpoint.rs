//! How the endpoint answers, whoever asks and however: compressed or not, many at once, slow or gone, and
//! with collectors that fail.

use crate::support;
use crate::support::{CLASSIC, OPEN_METRICS, Scrape, http1, request, served, text};
use futures_util::FutureExt;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::BodyExt;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};
use quanta::{Clock, Mock};
use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    iter, mem,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_red::{
    Exposition, ExpositionBody, ExpositionFuture, MetricsLayer, RouteTemplate, ScrapeError,
};

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

const CODINGS: &[&str] = &[
    "identity",
    #[cfg(feature = "gzip")]
    "gzip",
    #[cfg(feature = "zstd")]
    "zstd",
];

fn decode(coding: &str, bytes: &[u8]) -> String {
    match coding {
        "identity" => String::from_utf8(bytes.into()).unwrap(),
        #[cfg(feature = "gzip")]
        "gzip" => std::io::read_to_string(flate2::read::GzDecoder::new(bytes)).unwrap(),
        #[cfg(feature = "zstd")]
        "zstd" => String::from_utf8(zstd::stream::decode_all(bytes).unwrap()).unwrap(),
        coding => panic!("{coding}"),
    }
}

#[tokio::test]
async fn in_every_coding_a_scrape_is_whole_and_knows_its_length_and_head_says_the_same() {
    for routes in [0, 1, 500] {
        let exposition = exposition(routes).await;
        let mut sender = http1(served(exposition.clone()).await).await;
        for (coding, dialect) in CODINGS
            .iter()
            .flat_map(|coding| [(*coding, CLASSIC), (*coding, OPEN_METRICS)])
        {
            let expected = text(&exposition, dialect).await;
            let mut heads = Vec::new();
            for method in ["HEAD", "GET"] {
                let mut request = request(method, "/metrics");
                let headers = request.headers_mut();
                headers.insert("accept", HeaderValue::from_static(dialect));
                headers.insert("accept-encoding", HeaderValue::from_static(coding));
                sender.ready().await.unwrap();
                let response = sender.send_request(request).await.unwrap();
                let (head, body) = response.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                assert_eq!(head.status, StatusCode::OK);
                let encoding = head.headers.get("content-encoding");
                let name = encoding.map_or("identity", |name| name.to_str().unwrap());
                assert_eq!(name, coding);
                if method == "GET" {
                    assert_eq!(head.headers["content-length"], body.len().to_string());
                    assert!(decode(coding, &body) == expected, "{coding} {dialect}");
                    let small = coding == "identity" || body.len() * 10 < expected.len();
                    assert!(routes < 500 || small, "{}", body.len());
                } else {
                    assert!(body.is_empty());
                }
                let mut headers = head.headers;
                headers.remove("date");
                heads.push(headers);
            }
            assert_eq!(heads[0], heads[1]);
        }
    }
}

#[tokio::test]
async fn vary_names_what_is_looked_at() {
    let vary = match CODINGS.len() {
        1 => "accept",
        _ => "accept, accept-encoding",
    };
    for coding in CODINGS {
        let response = answer(
            &Exposition::new(Registry::default()),
            &[("accept-encoding", coding)],
        )
        .await;
        assert_eq!(response.headers()["vary"], vary);
    }
}

/// How often a scrape lets others go on.
fn turns(exposition: &Exposition, coding: &str) -> usize {
    let request = Request::get("/").header("accept-encoding", coding).body(());
    let mut scrape = exposition.clone().oneshot(request.unwrap());
    iter::repeat_with(|| (&mut scrape).now_or_never())
        .take_while(Option::is_none)
        .count()
}

#[tokio::test]
async fn compression_is_in_pieces_between_which_others_get_their_turn() {
    let mut registry = Registry::default();
    for n in 0..10_000 {
        registry.register(format!("jobs_{n}"), "Jobs", Counter::<u64>::default());
    }
    for exposition in [exposition(2_000).await, Exposition::new(registry)] {
        let pieces = text(&exposition, CLASSIC).await.len() / (64 * 1024);
        assert!(pieces > 10);
        for coding in CODINGS.iter().filter(|coding| **coding != "identity") {
            assert!(turns(&exposition, coding) >= pieces, "{coding}");
        }
    }
}

#[tokio::test]
async fn a_registry_alone_is_compressed_too_even_if_it_is_empty() {
    for coding in CODINGS {
        let mut registry = Registry::default();
        registry.register("jobs", "Jobs done", Counter::<u64>::default());
        for registry in [Registry::default(), registry] {
            let exposition = Exposition::new(registry);
            let response = answer(&exposition, &[("accept-encoding", coding)]).await;
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(decode(coding, &body), text(&exposition, CLASSIC).await);
        }
    }
}

#[tokio::test]
async fn what_is_not_asked_for_or_refused_is_not_compressed() {
    let exposition = exposition(1).await;
    let expected = text(&exposition, CLASSIC).await;
    for accept in ["", "br", "gzip;q=0, zstd;q=0", "identity;q=0", "*;q=0"] {
        let response = answer(&exposition, &[("accept-encoding", accept)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            !response.headers().contains_key("content-encoding"),
            "{accept}"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected);
    }
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

#[tokio::test]
async fn scrapes_are_prepared_one_at_a_time_in_the_order_in_which_they_came() {
    let exposition = exposition(100).await;
    let [mut a, mut b, mut c] = [(); 3].map(|()| Polled::new(&exposition));
    // The place is that of the first poll.
    for scrape in [&mut a, &mut b, &mut c] {
        assert!(scrape.poll().is_none());
    }
    assert!(a.woken() > 0);
    for _ in 0..100 {
        assert!(c.poll().is_none());
        assert!(b.poll().is_none());
    }
    // Who waits is woken when it is its turn, and not before.
    a.finish();
    assert_eq!((b.woken(), c.woken()), (1, 0));
    assert!(c.poll().is_none());
    b.finish();
    assert_eq!(c.woken(), 1);
    assert_eq!(c.finish().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_response_that_is_not_read_keeps_nobody_waiting() {
    let exposition = exposition(100).await;
    let unread = Polled::new(&exposition).finish();
    assert_eq!(Polled::new(&exposition).finish().status(), StatusCode::OK);
    drop(unread);
}

#[tokio::test]
async fn a_scrape_that_is_dropped_makes_room_for_the_next() {
    let exposition = exposition(100).await;
    let [mut a, mut b, mut c, mut d] = [(); 4].map(|()| Polled::new(&exposition));
    let unpolled = Polled::new(&exposition);
    for scrape in [&mut a, &mut b, &mut c, &mut d] {
        assert!(scrape.poll().is_none());
    }
    // One that waits leaves the others where they are.
    drop(b);
    assert_eq!((c.woken(), d.woken()), (0, 0));
    // In the middle of its work.
    drop(a);
    assert_eq!((c.woken(), d.woken()), (1, 0));
    // When it was woken, and before it was polled again.
    drop(c);
    assert_eq!(d.woken(), 1);
    assert_eq!(d.finish().status(), StatusCode::OK);
    drop(unpolled);
    assert_eq!(Polled::new(&exposition).finish().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_scrape_that_moves_to_another_task_is_woken_there() {
    let exposition = exposition(100).await;
    let [mut a, mut b] = [(); 2].map(|()| Polled::new(&exposition));
    assert!(a.poll().is_none());
    assert!(b.poll().is_none());
    let before = mem::take(&mut b.woken);
    assert!(b.poll().is_none());
    drop(a);
    assert_eq!((before.0.load(Ordering::SeqCst), b.woken()), (0, 1));
}

/// A collector that notices when it is asked while it is being asked.
#[derive(Debug, Default)]
struct Alone {
    busy: AtomicBool,
    disturbed: Arc<AtomicBool>,
}

impl Collector for Alone {
    fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
        if self.busy.swap(true, Ordering::SeqCst) {
            self.disturbed.store(true, Ordering::SeqCst);
        }
        thread::yield_now();
        self.busy.store(false, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_scrapes_at_once_some_dropped_all_others_are_answered() {
    let alone = Alone::default();
    let disturbed = alone.disturbed.clone();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(alone));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let scrapes = (0..10_000).map(|n| {
        let mut scrape = Box::pin(exposition.clone().oneshot(Request::new(())));
        tokio::spawn(async move {
            // Every third is dropped, after none, one, or more turns.
            for _ in 0..n % 7 * usize::from(n % 3 == 0) {
                tokio::select! {
                    biased;
                    _ = &mut scrape => return,
                    () = tokio::task::yield_now() => {}
                }
            }
            if n % 3 != 0 {
                assert_eq!(scrape.await.unwrap().status(), StatusCode::OK);
            }
        })
    });
    let scrapes: Vec<_> = scrapes.collect();
    let all = futures_util::future::try_join_all(scrapes);
    let all = tokio::time::timeout(Duration::from_secs(20), all).await;
    all.expect("all are answered").unwrap();
    assert!(!disturbed.load(Ordering::SeqCst));
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

#[tokio::test]
async fn a_collector_that_fails_or_panics_is_a_whole_500_and_the_endpoint_goes_on() {
    let told = Told::to(Does::Count);
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    registry.register_collector(Box::new(told.clone()));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    let mut sender = http1(served(exposition).await).await;
    for _ in 0..3 {
        for (does, message) in [
            (Does::Count, None),
            (
                Does::Fail,
                Some("a metric of the registry failed to encode itself\n"),
            ),
            (
                Does::Panic,
                Some("a metric or a collector of the registry panicked\n"),
            ),
        ] {
            told.tell(does);
            for coding in CODINGS {
                let mut request = request("GET", "/metrics");
                let headers = request.headers_mut();
                headers.insert("accept-encoding", HeaderValue::from_static(coding));
                sender.ready().await.unwrap();
                let response = sender.send_request(request).await.unwrap();
                let (head, body) = response.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let Some(message) = message else {
                    assert_eq!(head.status, StatusCode::OK);
                    assert!(decode(coding, &body).contains("\ntold_total 1\n"));
                    continue;
                };
                assert_eq!(head.status, StatusCode::INTERNAL_SERVER_ERROR);
                assert_eq!(head.headers["content-type"], "text/plain; charset=utf-8");
                assert_eq!(head.headers.get("content-encoding"), None);
                assert_eq!(body, message);
            }
        }
    }
}

#[tokio::test]
async fn a_collector_that_panics_does_not_keep_a_layer_from_being_built() {
    let told = Told::to(Does::Panic);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(told.clone()));
    let (_, exposition) = MetricsLayer::builder().registry(registry).pair().unwrap();
    assert_eq!(answer(&exposition, &[]).await.status(), 500);
    told.tell(Does::Count);
    assert_eq!(answer(&exposition, &[]).await.status(), 200);
}

type Register<'a> = &'a dyn Fn(&mut Registry);

#[tokio::test]
async fn a_500_has_its_reason_in_the_extensions_and_nothing_else_has() {
    let gauge = |registry: &mut Registry, name: &str, help: &str| {
        registry.register(name, help, Gauge::<i64>::default());
    };
    let told = |registry: &mut Registry, does| {
        registry.register_collector(Box::new(Told::to(does)));
    };
    let name = |name: &str| name.to_owned();
    let cases: [(Register<'_>, Option<ScrapeError>); 6] = [
        (&|registry| told(registry, Does::Count), None),
        (
            &|registry| told(registry, Does::Fail),
            Some(ScrapeError::Encode),
        ),
        (
            &|registry| told(registry, Does::Panic),
            Some(ScrapeError::Panic),
        ),
        (
            &|registry| {
                gauge(registry, "a_total", "A");
                registry.register("a", "A", Counter::<u64>::default());
            },
            Some(ScrapeError::DuplicateFamily {
                family: name("a"),
                other: name("a_total"),
            }),
        ),
        (
            &|registry| gauge(registry, "a-b", "A"),
            Some(ScrapeError::InvalidName {
                family: name("a-b"),
            }),
        ),
        (
            &|registry| gauge(registry, "a", "A\nB"),
            Some(ScrapeError::MalformedFamily { family: name("a") }),
        ),
    ];
    for (register, expected) in cases {
        let mut registry = Registry::default();
        register(&mut registry);
        let exposition = Exposition::new(registry);
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let expected = expected.clone().filter(|_| method != Method::POST);
            let request = Request::builder().method(&method).body(()).unwrap();
            let response = exposition.clone().oneshot(request).await.unwrap();
            let error = response.extensions().get::<ScrapeError>().cloned();
            assert_eq!(error, expected);
            assert_eq!(response.status() == 500, expected.is_some());
            let body = response.into_body().collect().await.unwrap().to_bytes();
            if let (Some(error), Method::GET) = (expected, method) {
                assert_eq!(body, format!("{error}\n"));
            }
        }
    }
}

#[test]
fn a_scrape_error_is_an_error_that_can_be_passed_on() {
    fn assert<E: Error + Clone + Send + Sync + 'static>() {}
    assert::<ScrapeError>();
}

#[tokio::test]
async fn a_disabled_endpoint_answers_503_and_405_and_says_why() {
    let mut sender = http1(served(Exposition::disabled()).await).await;
    for (method, status, text) in [
        (
            "GET",
            StatusCode::SERVICE_UNAVAILABLE,
            "metrics are disabled\n",
        ),
        ("HEAD", StatusCode::SERVICE_UNAVAILABLE, ""),
        (
            "POST",
            StatusCode::METHOD_NOT_ALLOWED,
            "metrics are read with GET or HEAD\n",
        ),
    ] {
        let mut request = request(method, "/metrics");
        let headers = request.headers_mut();
        headers.insert("accept", HeaderValue::from_static(OPEN_METRICS));
        headers.insert("accept-encoding", HeaderValue::from_static("gzip, zstd"));
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        assert_eq!(head.status, status);
        assert_eq!(head.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(head.headers.get("content-encoding"), None);
        let allow = head.headers.get("allow");
        assert_eq!(allow.is_some(), status == StatusCode::METHOD_NOT_ALLOWED);
        if method == "HEAD" {
            assert_eq!(head.headers["content-length"], "21");
        }
        assert_eq!(body.collect().await.unwrap().to_bytes(), text);
    }
    let head = Request::head("/").body(()).unwrap();
    let response = Exposition::disabled().oneshot(head).await.unwrap();
    assert_eq!(response.into_body().size_hint().exact(), Some(0));
}

/// A collector that takes that many milliseconds.
#[derive(Debug)]
struct Slow(Arc<Mock>, Arc<AtomicU64>);

impl Collector for Slow {
    fn encode(&self, _: DescriptorEncoder<'_>) -> fmt::Result {
        let millis = self.1.load(Ordering::SeqCst);
        self.0.increment(Duration::from_millis(millis));
        Ok(())
    }
}

/// What an endpoint tells of itself, in 0.0.4.
async fn of_itself(exposition: &Exposition) -> String {
    let text = text(exposition, CLASSIC).await;
    let at = text.find("# HELP exposition_").unwrap_or(text.len());
    text[at..].to_owned()
}

#[tokio::test]
async fn an_instrumented_endpoint_tells_of_the_scrapes_that_ended_before() {
    let (clock, mock) = Clock::mock();
    let millis = Arc::new(AtomicU64::new(5));
    let told = Told::to(Does::Count);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Slow(mock.clone(), millis.clone())));
    registry.register_collector(Box::new(told.clone()));
    let builder = MetricsLayer::builder().clock(clock).registry(registry);
    let exposition = builder.pair().unwrap().1.instrumented();

    let first = of_itself(&exposition).await;
    let none = "\
# HELP exposition_scrapes_total Scrapes that ended, by the status of their response.
# TYPE exposition_scrapes_total counter
exposition_scrapes_total{status=\"200\"} 0
exposition_scrapes_total{status=\"499\"} 0
exposition_scrapes_total{status=\"500\"} 0
# HELP exposition_scrape_duration_seconds Time from a scrape's turn to the head of its response.
# TYPE exposition_scrape_duration_seconds histogram
exposition_scrape_duration_seconds_sum 0.0
exposition_scrape_duration_seconds_count 0
";
    assert!(first.starts_with(none), "{first}");

    // On a bound, which the first was too, above one, and above the last.
    for (status, took) in [(200, 6), (200, 7_000), (500, 60)] {
        millis.store(took, Ordering::SeqCst);
        told.tell([Does::Count, Does::Panic][usize::from(status == 500)]);
        let response = answer(
            &exposition,
            &[("accept-encoding", CODINGS[CODINGS.len() - 1])],
        )
        .await;
        assert_eq!(response.status(), status);
        // How long the client then takes does not count.
        mock.increment(Duration::from_secs(1));
    }
    told.tell(Does::Count);
    // Two that are dropped: while it works, and while it waits for that one, which is no work.
    millis.store(1, Ordering::SeqCst);
    let [mut works, mut waits] = [(); 2].map(|()| Polled::new(&exposition));
    assert!(works.poll().is_none());
    assert!(waits.poll().is_none());
    mock.increment(Duration::from_secs(1));
    drop(waits);
    drop(works);
    // One that waits, and is answered.
    let [mut works, mut waits] = [(); 2].map(|()| Polled::new(&exposition));
    assert!(works.poll().is_none());
    assert!(waits.poll().is_none());
    mock.increment(Duration::from_millis(100));
    works.finish();
    waits.finish();
    // These are no scrapes.
    let post = Request::post("/").body(()).unwrap();
    exposition.clone().oneshot(post).await.unwrap();

    let expected = "\
# HELP exposition_scrapes Scrapes that ended, by the status of their response.
# TYPE exposition_scrapes counter
exposition_scrapes_total{status=\"200\"} 5
exposition_scrapes_total{status=\"499\"} 2
exposition_scrapes_total{status=\"500\"} 1
# HELP exposition_scrape_duration_seconds Time from a scrape's turn to the head of its response.
# TYPE exposition_scrape_duration_seconds histogram
# UNIT exposition_scrape_duration_seconds seconds
exposition_scrape_duration_seconds_sum 7.173
exposition_scrape_duration_seconds_count 6
exposition_scrape_duration_seconds_bucket{le=\"0.001\"} 1
exposition_scrape_duration_seconds_bucket{le=\"0.005\"} 2
exposition_scrape_duration_seconds_bucket{le=\"0.01\"} 3
exposition_scrape_duration_seconds_bucket{le=\"0.05\"} 3
exposition_scrape_duration_seconds_bucket{le=\"0.1\"} 4
exposition_scrape_duration_seconds_bucket{le=\"0.5\"} 5
exposition_scrape_duration_seconds_bucket{le=\"1.0\"} 5
exposition_scrape_duration_seconds_bucket{le=\"5.0\"} 5
exposition_scrape_duration_seconds_bucket{le=\"+Inf\"} 6
# EOF
";
    let text = text(&exposition, OPEN_METRICS).await;
    let at = text.find("# HELP exposition_").unwrap();
    assert_eq!(&text[at..], expected);
    // After all others, before an end that is there once.
    assert!(text[..at].contains("http_requests_in_flight"));
    assert!(!text[..at].contains("# EOF"));
}

#[tokio::test]
async fn a_registry_alone_is_instrumented_too_in_every_coding() {
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", Counter::<u64>::default());
    let exposition = Exposition::new(registry).instrumented();
    for (scrape, coding) in CODINGS.iter().enumerate() {
        let accept = [("accept", OPEN_METRICS), ("accept-encoding", *coding)];
        let body = answer(&exposition, &accept).await.into_body();
        let text = decode(coding, &body.collect().await.unwrap().to_bytes());
        assert!(text.starts_with("# HELP jobs Jobs done.\n"));
        assert!(text.contains(&format!(
            "\nexposition_scrapes_total{{status=\"200\"}} {scrape}\n"
        )));
        assert!(text.contains(&format!(
            "\nexposition_scrape_duration_seconds_count {scrape}\n"
        )));
        assert!(text.ends_with("\n# EOF\n"));
    }
}

#[tokio::test]
async fn only_what_is_instrumented_tells_of_itself_and_clones_made_then_share_it() {
    let plain = exposition(0).await;
    let instrumented = plain.clone().instrumented();
    let one = "\nexposition_scrapes_total{status=\"200\"} 1\n";
    assert_eq!(of_itself(&plain).await, "");
    of_itself(&instrumented).await;
    let clone = instrumented.clone().instrumented();
    assert!(of_itself(&clone).await.contains(one));
    assert_eq!(of_itself(&plain).await, "");
    // Another one of the same metrics counts its own.
    let other = plain.instrumented();
    of_itself(&other).await;
    assert!(of_itself(&other).await.contains(one));

    let disabled = Exposition::disabled().instrumented();
    assert_eq!(answer(&disabled, &[]).await.status(), 503);
}

#[tokio::test]
async fn a_family_of_the_user_with_a_name_of_the_endpoints_own_is_a_500_that_names_it() {
    for name in ["exposition_scrapes", "exposition_scrape_duration_seconds"] {
        let mut registry = Registry::default();
        registry.register(name, "Mine", Histogram::new([1.0]));
        let exposition = Exposition::new(registry);
        assert_eq!(answer(&exposition, &[]).await.status(), 200);
        let response = answer(&exposition.instrumented(), &[]).await;
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains(&format!("{name:?}")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_scrape_is_counted_once_however_many_there_are() {
    let exposition = exposition(10).await.instrumented();
    let scrapes = (0..2_000).map(|_| {
        let scrape = exposition.clone().oneshot(Request::new(()));
        tokio::spawn(async move {
            let response = scrape.await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.into()).unwrap();
            let count = Scrape::parse(&text).get("exposition_scrapes_total{status=\"200\"}");
            count as usize
        })
    });
    let scrapes: Vec<_> = scrapes.collect();
    let mut counts = futures_util::future::try_join_all(scrapes).await.unwrap();
    // Each tells of all that were before it, and of no other.
    counts.sort_unstable();
    assert_eq!(counts, (0..2_000).collect::<Vec<_>>());
}

/// A scrape that goes on wherever it is woken.
struct Eager {
    scrape: Mutex<Polled>,
    response: Mutex<Option<Response<ExpositionBody>>>,
}

impl Eager {
    fn wait(self: &Arc<Self>) -> bool {
        let waker = Waker::from(self.clone());
        let mut next = self.scrape.lock().unwrap();
        let poll = next.scrape.as_mut().poll(&mut Context::from_waker(&waker));
        poll.is_pending()
    }
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        let response = self.scrape.lock().unwrap().finish();
        *self.response.lock().unwrap() = Some(response);
    }
}

#[tokio::test]
async fn a_scrape_that_goes_on_the_moment_it_is_woken_tells_of_the_one_before_it() {
    let exposition = exposition(0).await.instrumented();
    let mut first = Polled::new(&exposition);
    assert!(first.poll().is_none());
    let eager = Arc::new(Eager {
        scrape: Mutex::new(Polled::new(&exposition)),
        response: Mutex::default(),
    });
    assert!(eager.wait());
    first.finish();
    let response = eager.response.lock().unwrap().take();
    let body = response.expect("it was woken").into_body();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
    let scrape = Scrape::parse(&text);
    assert_eq!(scrape.get("exposition_scrapes_total{status=\"200\"}"), 1.0);
}

#[tokio::test]
async fn whatever_is_in_the_accept_headers_there_is_an_answer_that_fits_the_rest_of_them() {
    let exposition = exposition(1).await;
    let mut sender = http1(served(exposition.clone()).await).await;
    let long = "a".repeat(100_000);
    let quoted = format!("\"{}", "\\\"".repeat(50_000));
    let many = |element: &str| vec![element; 1_000].join(",");
    let garbage: [&[u8]; 14] = [
        b"",
        b",",
        b";;;===,,,\"\"\"",
        b"q=1",
        b"*",
        b"*/*/*",
        b"\xff\xfe\xfd",
        b"text/plain;q=1e999999999999, gzip;q=1e999999999999",
        b"text/plain;version=\"0.0.4, gzip;q=\"1",
        long.as_bytes(),
        quoted.as_bytes(),
        &many("application/json;q=0.999, br;q=0.999").into_bytes(),
        &many("application/openmetrics-text;q=2, gzip;q=2").into_bytes(),
        &many("\t;\t,").into_bytes(),
    ];
    let last = CODINGS[CODINGS.len() - 1];
    for value in garbage {
        for (dialect, coding) in [(CLASSIC, "identity"), (OPEN_METRICS, last)] {
            let mut request = request("GET", "/metrics");
            let headers = request.headers_mut();
            for (name, good) in [(header::ACCEPT, dialect), (header::ACCEPT_ENCODING, coding)] {
                headers.append(&name, HeaderValue::from_bytes(value).unwrap());
                headers.append(&name, HeaderValue::from_static(good));
            }
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            // All codings are as good as another for who takes any.
            let encoding = response.headers().get("content-encoding").cloned();
            let encoding =
                encoding.map_or("identity".into(), |name| name.to_str().unwrap().to_owned());
            assert!(
                encoding == coding || value == b"*",
                "{encoding} for {coding}"
            );
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let expected = text(&exposition, dialect).await;
            assert!(decode(&encoding, &body) == expected);
        }
    }
}

/// Sends a request, and leaves the reading to the caller, who has a small window.
async fn ask(address: SocketAddr, coding: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = format!(
        "GET /metrics HTTP/1.1\r\nhost: localhost\r\naccept-encoding: {coding}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn who_reads_byte_by_byte_keeps_nobody_waiting_and_gets_it_all() {
    let exposition = exposition(1_000).await;
    let expected = text(&exposition, CLASSIC).await;
    let address = served(exposition).await;
    for coding in CODINGS {
        let mut slow = ask(address, coding).await;
        let mut read = Vec::new();
        for _ in 0..3 {
            for _ in 0..10 {
                read.push(slow.read_u8().await.unwrap());
            }
            let mut sender = http1(address).await;
            let response = sender.send_request(request("GET", "/metrics"));
            let body = response.await.unwrap().into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes().len(), expected.len());
        }
        slow.read_to_end(&mut read).await.unwrap();
        let end = read.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        assert!(decode(coding, &read[end..]) == expected, "{coding}");
    }
}

#[tokio::test]
async fn who_hangs_up_leaves_nothing_behind() {
    let exposition = exposition(1_000).await.instrumented();
    let address = served(exposition.clone()).await;
    for coding in CODINGS {
        for n in 0..12 {
            let mut stream = ask(address, coding).await;
            // Before the head, in it, or in the body.
            let mut some = vec![0; n % 3 * 100 * n];
            let _ = stream.read_exact(&mut some).await;
            drop(stream);
        }
    }
    // Each that was sent is counted, beside those that ask for it.
    let asked = AtomicUsize::new(0);
    let all_ended = || async {
        let scrape = Scrape::of(&exposition).await;
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        scrape.sum("exposition_scrapes_total") as usize - asked == 12 * CODINGS.len()
    };
    support::until("all scrapes ended", all_ended).await;
    let mut sender = http1(address).await;
    let response = sender
        .send_request(request("GET", "/metrics"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let scrape = Scrape::parse(std::str::from_utf8(&body).unwrap());
    assert_eq!(scrape.sum("http_requests_total"), 1_000.0);
}
