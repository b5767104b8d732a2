//! What the code around and inside of the layer does wrong is counted once, and hurts nobody else.

use crate::support::{
    Scrape, ScriptedBody,
    Step::{self, Bytes, End, Panic},
    TestLayer,
    counted::{cancelled, complete, failed},
    read, serve_hyper,
    server::{Client, PROTOCOLS, Server},
    settled,
};
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{
    cell::Cell,
    convert::Infallible,
    env,
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::Pin,
    process::Command,
    rc::Rc,
    task::{Context, Poll},
};
use tower::{Layer, Service, service_fn};
use tower_red::{MetricsLayer, ResponseBody};

/// A scripted body with hooks where a layer may ask it.
struct ForeignBody {
    inner: ScriptedBody,
    polls: usize,
    is_end_stream: Hook<bool>,
    size_hint: Hook<SizeHint>,
    on_drop: fn(),
}

struct Hook<T> {
    times: Cell<usize>,
    answer: Box<dyn Fn(Asked) -> T + Send>,
}

/// How often a body was polled, and how often it was asked for this, now included.
#[derive(Clone, Copy)]
struct Asked {
    polls: usize,
    times: usize,
}

impl<T> Hook<T> {
    fn new(answer: impl Fn(Asked) -> T + Send + 'static) -> Self {
        Self {
            times: Cell::new(0),
            answer: Box::new(answer),
        }
    }

    fn ask(&self, polls: usize) -> T {
        self.times.set(self.times.get() + 1);
        (self.answer)(Asked {
            polls,
            times: self.times.get(),
        })
    }
}

impl ForeignBody {
    fn new(script: &[Step]) -> Self {
        Self {
            inner: ScriptedBody::new(script),
            polls: 0,
            is_end_stream: Hook::new(|_| false),
            size_hint: Hook::new(|_| SizeHint::default()),
            on_drop: || {},
        }
    }

    /// That panics where it is asked for its end, if that is so.
    fn endless(script: &[Step], when: impl Fn(Asked) -> bool + Send + 'static) -> Self {
        let mut body = Self::new(script);
        body.is_end_stream = Hook::new(move |asked| when(asked) && panic!("no end to be known"));
        body
    }

    /// The same for its size.
    fn sizeless(script: &[Step], when: impl Fn(Asked) -> bool + Send + 'static) -> Self {
        let mut body = Self::new(script);
        body.size_hint = Hook::new(move |asked| match when(asked) {
            true => panic!("no size to be known"),
            false => SizeHint::default(),
        });
        body
    }
}

impl Body for ForeignBody {
    type Data = bytes::Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, &'static str>>> {
        self.polls += 1;
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.is_end_stream.ask(self.polls)
    }

    fn size_hint(&self) -> SizeHint {
        self.size_hint.ask(self.polls)
    }
}

impl Drop for ForeignBody {
    fn drop(&mut self) {
        (self.on_drop)();
    }
}

// ---- The end of a stream is not asked for in a drop.

/// The rest of the process would be gone with it: in one of its own.
#[tokio::test]
async fn a_body_that_is_dropped_by_a_panic_and_cannot_say_whether_it_is_at_its_end_aborts_nothing()
{
    const CHILD: &str = "TOWER_RED_TEST_DROPS_IN_A_PANIC";
    const NAME: &str = "foreign_code::a_body_that_is_dropped_by_a_panic_and_cannot_say_whether_it_is_at_its_end_aborts_nothing";
    if env::var_os(CHILD).is_some() {
        return drop_in_a_panic().await;
    }
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", NAME, "--test-threads=1"])
        .env(CHILD, "1")
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}: {said}", child.status);
    assert!(said.contains("1 passed"), "{said}");
}

async fn drop_in_a_panic() {
    let layer = TestLayer::new(MetricsLayer::builder());
    let body = ForeignBody::endless(&[Bytes(4), Bytes(4)], |asked| asked.polls > 1);
    let mut body = layer
        .respond(Request::new(()), Response::new(body))
        .into_body();
    body.frame().now_or_never().unwrap().unwrap().unwrap();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let mut body = body;
        // Where it is asked it panics, and is dropped by that.
        let _ = body.frame().now_or_never();
    }));
    assert!(unwound.is_err());
    let all = layer.all().await;
    assert_eq!(all, failed("GET", "_unmatched", "200", "panic"));

    // By the panic of another, while it waits.
    let layer = TestLayer::new(MetricsLayer::builder());
    let body = ForeignBody::endless(&[], |asked| asked.polls > 0);
    let mut bystander = layer
        .respond(Request::new(()), Response::new(body))
        .into_body();
    assert!(bystander.frame().now_or_never().is_none());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _bystander = bystander;
        panic!("something else");
    }));
    assert!(unwound.is_err());
    let all = layer.all().await;
    assert_eq!(all, cancelled("GET", "_unmatched", "200", "body"));
}

#[tokio::test]
async fn a_body_is_not_asked_for_its_end_when_it_is_dropped() {
    thread_local! {
        static ASKED: Cell<usize> = const { Cell::new(0) };
    }
    for polls in 0..3 {
        let layer = TestLayer::new(MetricsLayer::builder());
        let mut body = ForeignBody::new(&[Bytes(4), Bytes(4), Bytes(4)]);
        body.is_end_stream = Hook::new(|_| {
            ASKED.set(ASKED.get() + 1);
            false
        });
        let mut body = layer
            .respond(Request::new(()), Response::new(body))
            .into_body();
        for _ in 0..polls {
            body.frame().await.unwrap().unwrap();
        }
        let asked = ASKED.get();
        drop(body);
        assert_eq!(ASKED.get(), asked, "after {polls} frames");
        let expected = cancelled("GET", "_unmatched", "200", "body");
        assert_eq!(layer.all().await, expected);
    }
}

// ---- Where a body is asked, a panic is how the request ended.

/// Has the response read to its end, and says how many panics came out of that.
fn panics_of(layer: &TestLayer, body: ForeignBody) -> usize {
    let panics = Rc::new(Cell::new(0));
    let counted = |what: &mut dyn FnMut()| {
        if catch_unwind(AssertUnwindSafe(what)).is_err() {
            panics.set(panics.get() + 1);
        }
    };
    let (mut body, mut response) = (Some(body), None);
    counted(&mut || {
        let body = body.take().unwrap();
        response = Some(layer.respond(Request::new(()), Response::new(body)));
    });
    if let Some(response) = response {
        let mut body = Some(response.into_body());
        counted(&mut || as_a_server_does(body.take().unwrap()));
    }
    panics.get()
}

#[tokio::test]
async fn of_a_body_that_panics_when_it_is_asked_for_its_size_nothing_has_passed() {
    let layer = TestLayer::new(MetricsLayer::builder().response_body_bytes());
    // Whose state the next request takes over.
    panics_of(&layer, ForeignBody::new(&[Bytes(4), Bytes(4)]));
    panics_of(&layer, ForeignBody::sizeless(&[Bytes(4)], |_| true));
    let scrape = layer.scrape().await;
    assert_eq!(
        scrape.sum("http_response_body_bytes_sum"),
        8.0,
        "{scrape:?}"
    );
    assert_eq!(
        scrape.sum("http_response_body_bytes_count"),
        2.0,
        "{scrape:?}"
    );
}

/// Asks a body for all that hyper does, in that order.
fn as_a_server_does<B: Body + Unpin>(mut body: B) {
    if body.is_end_stream() {
        return;
    }
    let _ = body.size_hint();
    while let Some(Some(Ok(_))) = body.frame().now_or_never() {
        if body.is_end_stream() {
            return;
        }
    }
}

/// Whether the response got as far as to have a status of its own is the layer's affair.
async fn is_one_panic(layer: &TestLayer) {
    let scrape = layer.scrape().await;
    assert_eq!(scrape.sum("http_requests_total"), 1.0, "{scrape:?}");
    let panic = r#"http_errors_total{method="GET",route="_unmatched",error="panic"}"#;
    assert_eq!(scrape.get(panic), 1.0, "{scrape:?}");
    assert_eq!(scrape.sum("http_errors_total"), 1.0);
    assert_eq!(scrape.sum("http_requests_cancelled_total"), 0.0);
    assert_eq!(scrape.sum("http_requests_in_flight"), 0.0);
}

const FRAMES: [Step; 4] = [Bytes(4), Bytes(4), Bytes(4), End];

#[tokio::test]
async fn a_panic_where_a_body_is_asked_for_its_end_is_how_the_request_ended() {
    for frames in 0..3 {
        let layer = TestLayer::default();
        let body = ForeignBody::endless(&FRAMES, move |asked| asked.polls >= frames);
        assert_eq!(panics_of(&layer, body), 1, "it propagates");
        is_one_panic(&layer).await;
    }
}

#[tokio::test]
async fn a_panic_where_a_body_is_asked_for_its_size_is_how_the_request_ended() {
    let layer = TestLayer::default();
    let body = ForeignBody::sizeless(&FRAMES, |_| true);
    assert_eq!(panics_of(&layer, body), 1, "it propagates");
    is_one_panic(&layer).await;
}

/// Not always the layer's own: the server asks too.
#[tokio::test]
async fn whoever_asks_a_body_that_panics_the_request_is_counted_once_as_a_panic() {
    let bodies: [fn(usize) -> ForeignBody; 2] = [
        |nth| ForeignBody::endless(&FRAMES, move |asked| asked.times == nth),
        |nth| ForeignBody::sizeless(&FRAMES, move |asked| asked.times == nth),
    ];
    for body in bodies {
        let mut asked = 0;
        loop {
            let layer = TestLayer::default();
            let panics = panics_of(&layer, body(asked + 1));
            if panics == 0 {
                // Nobody asked that often.
                break;
            }
            asked += 1;
            assert_eq!(panics, 1, "it propagates");
            is_one_panic(&layer).await;
        }
        assert!(asked >= 1);
    }
}

#[tokio::test]
async fn over_a_socket_a_body_that_panics_where_it_is_asked_is_counted_once() {
    let bodies: [fn() -> ForeignBody; 5] = [
        || ForeignBody::endless(&FRAMES, |_| true),
        || ForeignBody::endless(&FRAMES, |asked| asked.times > 1),
        || ForeignBody::endless(&FRAMES, |asked| asked.polls > 0),
        || ForeignBody::sizeless(&FRAMES, |_| true),
        || ForeignBody::sizeless(&FRAMES, |asked| asked.times > 1),
    ];
    for (nth, body) in bodies.into_iter().enumerate() {
        let (metrics, exposition) = MetricsLayer::pair();
        let answer = service_fn(move |_: Request<Incoming>| {
            ready(Ok::<_, Infallible>(Response::new(body())))
        });
        let address = serve_hyper(metrics.layer(answer)).await;
        let server = Server {
            address,
            exposition,
        };
        let panic = r#"http_errors_total{method="GET",route="_unmatched",error="panic"}"#;
        let mut requests = 0.0;
        for protocol in PROTOCOLS {
            let mut client: Client = server.client(protocol).await;
            let failed = client.read("GET", "/").await;
            requests += 1.0;
            let scrape = settled(&server.exposition).await;
            assert_eq!(scrape.sum("http_requests_total"), requests);
            let panics = scrape.get(panic);
            assert_eq!(panics, requests, "{nth} over {protocol:?}: {failed:?}");
            failed.unwrap_err();
        }
    }
}

#[tokio::test]
async fn a_body_that_is_polled_again_after_a_caught_panic_stays_a_panic() {
    let scripts: [&[Step]; 3] = [
        &[Panic, Bytes(4), End],
        &[Bytes(4), Panic, End],
        &[Panic, Panic, Step::Error],
    ];
    for script in scripts {
        let layer = TestLayer::new(MetricsLayer::builder());
        let response = Response::new(ScriptedBody::new(script));
        let mut body = layer.respond(Request::new(()), response).into_body();
        for _ in script {
            let _ = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
        }
        drop(body);
        let expected = failed("GET", "_unmatched", "200", "panic");
        assert_eq!(layer.all().await, expected, "{script:?}");
    }
}

#[tokio::test]
async fn a_declared_length_does_not_hide_a_panic_before_it() {
    let layer = TestLayer::new(MetricsLayer::builder());
    let mut response = Response::new(ScriptedBody::new(&[Panic, Bytes(8), End]));
    let eight = http::HeaderValue::from_static("8");
    response.headers_mut().insert("content-length", eight);
    let mut body = layer.respond(Request::new(()), response).into_body();
    for _ in 0..3 {
        let _ = catch_unwind(AssertUnwindSafe(|| body.frame().now_or_never()));
    }
    drop(body);
    let expected = failed("GET", "_unmatched", "200", "panic");
    assert_eq!(layer.all().await, expected);
}

// ---- Drops that panic.

#[tokio::test]
async fn a_body_whose_drop_panics_is_counted_once() {
    let layer = TestLayer::new(MetricsLayer::builder());
    for (script, expected) in [
        (
            &[Bytes(4)][..],
            cancelled("GET", "_unmatched", "200", "body"),
        ),
        (&[Bytes(4), End], complete("GET", "_unmatched", "200")),
    ] {
        let mut body = ForeignBody::new(script);
        body.on_drop = || panic!("not without a fight");
        layer
            .counts(expected, || {
                let response = layer.respond(Request::new(()), Response::new(body));
                let body = response.into_body();
                assert!(catch_unwind(AssertUnwindSafe(|| read(body))).is_err());
            })
            .await;
    }
}

#[tokio::test]
async fn a_future_whose_drop_panics_is_counted_once() {
    struct Stubborn;

    impl Future for Stubborn {
        type Output = Result<Response<ScriptedBody>, Infallible>;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Pending
        }
    }

    impl Drop for Stubborn {
        fn drop(&mut self) {
            panic!("not without a fight");
        }
    }

    let layer = TestLayer::new(MetricsLayer::builder());
    let future = layer
        .metrics
        .layer(service_fn(|_: Request<()>| Stubborn))
        .call(Request::default());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(future))).is_err());
    let expected = cancelled("GET", "_unmatched", "499", "head");
    assert_eq!(layer.all().await, expected);
}

// ---- Closures of the user's own.

/// A panic may carry anything, also what panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[tokio::test]
async fn an_exemplar_whose_panic_panics_when_dropped_leaks_no_gauge_and_fails_no_request() {
    let builder = MetricsLayer::builder().exemplar(|_| panic_any(Bomb));
    let layer = TestLayer::new(builder);
    for _ in 0..2 {
        let expected = complete("GET", "_unmatched", "200");
        layer
            .counts(expected, || {
                let body = ScriptedBody::new(&[Bytes(4), End]);
                let answered = catch_unwind(AssertUnwindSafe(|| {
                    let response = layer.respond(Request::new(()), Response::new(body));
                    assert_eq!(response.status(), 200);
                    read::<ResponseBody<_>>(response.into_body());
                }));
                // The payload of what came out would go off again.
                if let Err(payload) = answered {
                    std::mem::forget(payload);
                    panic!("the request failed");
                }
            })
            .await;
    }
    assert_eq!(
        Scrape::of(&layer.exposition)
            .await
            .sum("http_requests_total"),
        2.0
    );
}
