//! Operations: each is counted once, however it ends.

use crate::support::{CLASSIC, OPEN_METRICS, Scrape, changes, text, two_buckets};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use http::{Request, Response};
use prometheus_client::registry::Registry;
use std::{
    any::Any,
    cell::RefCell,
    collections::BTreeMap,
    convert::Infallible,
    future::{Future, pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use tower::{Layer, Service, service_fn};
use tower_red::{
    Buckets, BuildError, Exposition, MetricsLayer, Operation, OperationBuilder, ResolvedOperation,
    TestClock,
};

/// An operation with a clock that goes when it is told to.
struct Driven {
    query: ResolvedOperation,
    clock: TestClock,
    exposition: Exposition,
}

fn builder() -> OperationBuilder<0> {
    Operation::builder("query").buckets(two_buckets())
}

fn endpoint() -> Exposition {
    Exposition::new(Registry::default())
}

fn driven() -> Driven {
    let (clock, exposition) = (TestClock::new(), endpoint());
    let query = builder().labels(["table"]).clock(&clock);
    Driven {
        query: query.expose_on(&exposition).unwrap().with(["users"]),
        clock,
        exposition,
    }
}

impl Driven {
    async fn all(&self) -> BTreeMap<String, f64> {
        Scrape::of(&self.exposition).await.since(&Scrape::default())
    }
}

/// What one that ended changes.
fn ended(more: &[(&str, f64)]) -> BTreeMap<String, f64> {
    let mut all = changes([
        (r#"query_total{table="users"}"#, 1.0),
        (r#"query_duration_seconds_count{table="users"}"#, 1.0),
    ]);
    all.extend(
        more.iter()
            .map(|(series, value)| (series.to_string(), *value)),
    );
    all
}

fn failed(kind: &str) -> BTreeMap<String, f64> {
    let series = format!(r#"query_errors_total{{table="users",error="{kind}"}}"#);
    ended(&[(&series, 1.0)])
}

fn cancelled() -> BTreeMap<String, f64> {
    ended(&[(r#"query_cancelled_total{table="users"}"#, 1.0)])
}

fn panics<T>(work: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
}

/// Inner code that panics.
fn broken() -> Result {
    panic!("in inner code")
}

type Result<T = ()> = std::result::Result<T, &'static str>;

#[tokio::test]
async fn every_ending_is_counted_once_and_for_what_it_is() {
    type Way = fn(ResolvedOperation);
    let table: [(&str, Way, BTreeMap<String, f64>); 18] = [
        (
            "a kind without a name",
            |query| query.start().fail(""),
            failed("error"),
        ),
        ("a guard that is ok", |query| query.start().ok(), ended(&[])),
        (
            "a guard that fails",
            |query| query.start().fail("timeout"),
            failed("timeout"),
        ),
        (
            "a result that is ok",
            |query| query.start().finish(&Result::Ok(())),
            ended(&[]),
        ),
        (
            "a result that is an error",
            |query| query.start().finish(&Result::<()>::Err("no")),
            failed("error"),
        ),
        (
            "a guard that is dropped",
            |query| drop(query.start()),
            cancelled(),
        ),
        (
            "a guard that a panic drops",
            |query| {
                panics(|| {
                    let _active = query.start();
                    panic!("on the way");
                });
            },
            failed("panic"),
        ),
        (
            "a future that is ok",
            |query| {
                assert!(
                    query
                        .run(ready(Result::Ok(())))
                        .now_or_never()
                        .unwrap()
                        .is_ok()
                );
            },
            ended(&[]),
        ),
        (
            "a future that fails",
            |query| {
                assert!(
                    query
                        .run(ready(Result::<()>::Err("no")))
                        .now_or_never()
                        .unwrap()
                        .is_err()
                );
            },
            failed("error"),
        ),
        (
            "a future that fails for a kind of error",
            |query| {
                let future = query
                    .run(ready(Result::<()>::Err("no")))
                    .error_by(|error| error);
                assert!(future.now_or_never().unwrap().is_err());
            },
            failed("no"),
        ),
        (
            "a future that is never polled",
            |query| drop(query.run(ready(Result::Ok(())))),
            cancelled(),
        ),
        (
            "a future that is dropped midway",
            |query| assert!(query.run(pending::<Result>()).now_or_never().is_none()),
            cancelled(),
        ),
        (
            "a future that panics",
            |query| {
                panics(|| query.run(async { broken() }).now_or_never());
            },
            failed("panic"),
        ),
        (
            "a function for the kind that panics",
            |query| {
                let future = query.run(ready(Result::<()>::Err("no")));
                panics(|| future.error_by(|_| panic!("in a function")).now_or_never());
            },
            failed("panic"),
        ),
        (
            "work that is ok",
            |query| query.run_blocking(|| Result::Ok(())).unwrap(),
            ended(&[]),
        ),
        (
            "work that fails",
            |query| assert!(query.run_blocking(|| Result::<()>::Err("no")).is_err()),
            failed("error"),
        ),
        (
            "work that fails for a kind of error",
            |query| {
                assert!(
                    query
                        .run_blocking_by(|error| *error, || Result::<()>::Err("no"))
                        .is_err()
                );
            },
            failed("no"),
        ),
        (
            "work that panics",
            |query| panics(|| query.run_blocking(broken)),
            failed("panic"),
        ),
    ];
    for (name, way, expected) in table {
        let driven = driven();
        way(driven.query);
        assert_eq!(driven.all().await, expected, "{name}");
    }
}

#[tokio::test]
async fn the_families_are_those_of_red_and_what_is_active() {
    let driven = driven();
    let done = driven.query.start();
    let active = driven.query.start();
    driven.clock.advance(Duration::from_millis(500));
    done.fail("timeout");
    let expected = "\
# HELP query_total Operations that ended, in whatever way.
# TYPE query_total counter
query_total{table=\"users\"} 1
# HELP query_errors_total Operations that failed, by kind of error.
# TYPE query_errors_total counter
query_errors_total{table=\"users\",error=\"timeout\"} 1
# HELP query_cancelled_total Operations that were dropped before their end.
# TYPE query_cancelled_total counter
# HELP query_duration_seconds Time from an operation's start to its end.
# TYPE query_duration_seconds histogram
query_duration_seconds_bucket{le=\"0.1\",table=\"users\"} 0
query_duration_seconds_bucket{le=\"1.0\",table=\"users\"} 1
query_duration_seconds_bucket{le=\"+Inf\",table=\"users\"} 1
query_duration_seconds_sum{table=\"users\"} 0.5
query_duration_seconds_count{table=\"users\"} 1
# HELP query_active Operations that have not ended yet.
# TYPE query_active gauge
query_active{table=\"users\"} 1
";
    assert_eq!(text(&driven.exposition, CLASSIC).await, expected);
    drop(active);
}

/// The items of a stream, up to its end or to a point where it waits.
fn items(items: &[Result<u8>], waits: bool) -> impl Stream<Item = Result<u8>> + Unpin + use<> {
    let rest = if waits {
        stream::pending().left_stream()
    } else {
        stream::empty().right_stream()
    };
    stream::iter(items.to_vec()).chain(rest)
}

/// Takes as many items as there are.
fn take<S: Stream + Unpin>(stream: &mut S) -> usize {
    let mut taken = 0;
    while let Some(Some(_)) = stream.next().now_or_never() {
        taken += 1;
    }
    taken
}

#[tokio::test]
async fn a_stream_ends_with_its_end_or_its_error_and_is_cancelled_before_that() {
    for (script, waits, expected) in [
        (&[Ok(1), Ok(2)][..], false, ended(&[])),
        (&[Ok(1), Err("no"), Ok(2)], false, failed("error")),
        (&[Ok(1), Err("no"), Err("again")], true, failed("error")),
        (&[], true, cancelled()),
        (&[Ok(1)], true, cancelled()),
        (&[], false, ended(&[])),
    ] {
        let driven = driven();
        let mut stream = driven.query.stream(items(script, waits));
        assert_eq!(take(&mut stream), script.len());
        drop(stream);
        assert_eq!(driven.all().await, expected, "{script:?}");
    }
    let driven = driven();
    let mut panicking = driven
        .query
        .stream(stream::poll_fn(|_| panic!("in a stream")));
    panics(|| {
        StreamExt::next(&mut panicking)
            .now_or_never()
            .map(|item: Option<Result<u8>>| item)
    });
    drop(panicking);
    assert_eq!(driven.all().await, failed("panic"));
}

#[tokio::test]
async fn a_mark_is_the_time_to_the_first_item_that_is_meant() {
    let (clock, exposition) = (TestClock::new(), endpoint());
    let call = builder()
        .clock(&clock)
        .mark("first_token", two_buckets())
        .mark("second", Buckets::custom([2.0]).unwrap())
        .expose_on(&exposition)
        .unwrap()
        .with([]);
    let tick = |clock: &TestClock| clock.advance(Duration::from_millis(500));
    let ticking = clock.clone();
    let answer = items(&[Ok(0), Ok(1), Ok(1), Ok(2)], false).inspect(move |_| tick(&ticking));
    let mut tokens = call
        .stream(answer)
        .mark_when("first_token", |item| *item == 1)
        .mark_when("second", |item| *item == 2);
    assert_eq!(take(&mut tokens), 4);
    let mut by_hand = call.start();
    tick(&clock);
    by_hand.mark("second");
    tick(&clock);
    by_hand.mark("second");
    drop(by_hand);
    let text = text(&exposition, CLASSIC).await;
    for line in [
        "query_first_token_seconds_sum 1.0",
        "query_first_token_seconds_count 1",
        "query_second_seconds_sum 2.5",
        "query_second_seconds_bucket{le=\"2.0\"} 2",
        "query_duration_seconds_sum 3.0",
        "query_total 2",
        "query_cancelled_total 1",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn what_was_entered_is_in_the_gauge_alone() {
    let driven = driven();
    let open = [driven.query.enter(), driven.query.enter()];
    let active = |value| changes([(r#"query_active{table="users"}"#, value)]);
    assert_eq!(driven.all().await, active(2.0));
    // From another thread, too.
    std::thread::spawn(move || drop(open)).join().unwrap();
    assert_eq!(driven.all().await, changes([]));
}

#[tokio::test]
async fn operations_nest_and_a_bystander_of_a_panic_is_cancelled() {
    let exposition = endpoint();
    let build = |name: &str| {
        Operation::builder(name)
            .expose_on(&exposition)
            .unwrap()
            .with([])
    };
    let (outer, inner) = (build("outer"), build("inner"));
    let mut bystander = Box::pin(build("bystander").run(pending::<Result>()));
    assert!((&mut bystander).now_or_never().is_none());
    let nested = outer.run(async move {
        let _bystander = bystander;
        inner.run(async { broken() }).await
    });
    panics(|| nested.now_or_never());
    let expected = changes([
        ("outer_total", 1.0),
        ("outer_duration_seconds_count", 1.0),
        (r#"outer_errors_total{error="panic"}"#, 1.0),
        ("inner_total", 1.0),
        ("inner_duration_seconds_count", 1.0),
        (r#"inner_errors_total{error="panic"}"#, 1.0),
        ("bystander_total", 1.0),
        ("bystander_duration_seconds_count", 1.0),
        ("bystander_cancelled_total", 1.0),
    ]);
    assert_eq!(
        Scrape::of(&exposition).await.since(&Scrape::default()),
        expected
    );
}

#[test]
fn a_million_of_them_on_many_threads_are_all_counted() {
    const THREADS: u64 = 4;
    const EACH: u64 = 250_000;
    let exposition = endpoint();
    let tasks = builder().labels(["queue"]).expose_on(&exposition).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let queue = tasks.with([["a", "b"][thread as usize % 2]]);
                for round in 0..EACH {
                    match round % 4 {
                        0 => queue.start().fail("odd"),
                        1 => drop(queue.start()),
                        _ => queue.start().ok(),
                    }
                }
            });
        }
    });
    let scrape = Scrape::parse(&exposition.render().unwrap());
    let half = (THREADS * EACH / 2) as f64;
    for queue in ["a", "b"] {
        let of = |name: &str| scrape.get(&format!("{name}{{queue=\"{queue}\"}}"));
        assert_eq!(of("query_total"), half);
        assert_eq!(of("query_duration_seconds_count"), half);
        assert_eq!(of("query_cancelled_total"), half / 4.0);
        assert_eq!(of("query_active"), 0.0);
        let errors = format!("query_errors_total{{queue=\"{queue}\",error=\"odd\"}}");
        assert_eq!(scrape.get(&errors), half / 4.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn futures_that_move_between_threads_are_counted_where_they_end() {
    let exposition = endpoint();
    let job = builder().expose_on(&exposition).unwrap().with([]);
    let jobs = (0..1_000).map(|_| {
        tokio::spawn(job.run(async {
            tokio::task::yield_now().await;
            Result::Ok(())
        }))
    });
    for job in jobs.collect::<Vec<_>>() {
        job.await.unwrap().unwrap();
    }
    let expected = changes([
        ("query_total", 1_000.0),
        ("query_duration_seconds_count", 1_000.0),
    ]);
    assert_eq!(
        Scrape::of(&exposition).await.since(&Scrape::default()),
        expected
    );
}

#[test]
fn what_a_runtime_drops_when_it_shuts_down_is_cancelled() {
    let exposition = endpoint();
    let job = builder().expose_on(&exposition).unwrap().with([]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for _ in 0..100 {
        runtime.spawn(job.run(async move {
            tokio::task::yield_now().await;
            let _within = job.start();
            pending::<Result>().await
        }));
    }
    drop(runtime);
    let scrape = Scrape::parse(&exposition.render().unwrap());
    let ended = scrape.get("query_total");
    assert!((100.0..=200.0).contains(&ended), "{ended}");
    assert_eq!(scrape.get("query_cancelled_total"), ended);
    assert_eq!(scrape.get("query_active"), 0.0);
}

/// Where a thread keeps nothing for the next one any more.
#[test]
fn what_ends_with_the_locals_of_its_thread_is_counted() {
    thread_local! {
        static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    }
    let exposition = endpoint();
    let job = builder().expose_on(&exposition).unwrap().with([]);
    let metrics = MetricsLayer::builder().expose_on(&exposition).unwrap();
    for is_first in [true, false] {
        let metrics = metrics.clone();
        std::thread::spawn(move || {
            let keep = |kept: Box<dyn Any>| KEPT.with_borrow_mut(|all| all.push(kept));
            if is_first {
                // The local is then older than what the thread has for counting.
                keep(Box::new(()));
            }
            let service = service_fn(|_: Request<()>| pending::<Result<Response<String>>>());
            for _ in 0..10 {
                keep(Box::new(job.start()));
                keep(Box::new(job.enter()));
                keep(Box::new(job.run(pending::<Result>())));
                let mut service = metrics.layer(service);
                keep(Box::new(service.call(Request::new(()))));
            }
        })
        .join()
        .unwrap();
    }
    let expected = changes([
        ("query_total", 40.0),
        ("query_duration_seconds_count", 40.0),
        ("query_cancelled_total", 40.0),
        (
            r#"http_requests_total{method="GET",route="_unmatched",status="499"}"#,
            20.0,
        ),
        (
            r#"http_request_duration_seconds_count{method="GET",route="_unmatched",status="499"}"#,
            20.0,
        ),
        (
            r#"http_requests_cancelled_total{method="GET",route="_unmatched",phase="head"}"#,
            20.0,
        ),
    ]);
    let shown = Scrape::parse(&exposition.render().unwrap());
    assert_eq!(shown.since(&Scrape::default()), expected);
}

#[tokio::test]
async fn values_past_the_budget_fold_into_one_set() {
    let exposition = endpoint();
    let query = builder().labels(["operation", "table"]).max_label_sets(2);
    let query = query.expose_on(&exposition).unwrap();
    for number in 0..100 {
        query.start(["select", &format!("t{number}")]).ok();
    }
    query.start(["select", "t1"]).ok();
    query.start(["select", &"x".repeat(257)]).ok();
    let text = text(&exposition, CLASSIC).await;
    let totals: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("query_total"))
        .collect();
    let expected = [
        r#"query_total{operation="_overflow",table="_overflow"} 99"#,
        r#"query_total{operation="select",table="t0"} 1"#,
        r#"query_total{operation="select",table="t1"} 2"#,
    ];
    assert_eq!(totals, expected);
}

#[tokio::test]
async fn they_stand_beside_a_layer_in_every_format_and_in_a_foreign_registry() {
    let (_metrics, exposition) = MetricsLayer::pair();
    builder()
        .constant_label("shard", "1")
        .expose_on(&exposition)
        .unwrap()
        .start([])
        .ok();
    builder()
        .constant_label("shard", "2")
        .expose_on(&exposition)
        .unwrap()
        .start([])
        .ok();
    for format in [CLASSIC, OPEN_METRICS] {
        let text = text(&exposition, format).await;
        for line in [r#"query_total{shard="1"} 1"#, r#"query_total{shard="2"} 1"#] {
            assert_eq!(
                text.lines().filter(|other| *other == line).count(),
                1,
                "{text}"
            );
        }
    }
    let mut registry = Registry::default();
    builder()
        .register(&mut registry)
        .unwrap()
        .start([])
        .fail("timeout");
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(
        text.contains("query_errors_total{error=\"timeout\"} 1\n"),
        "{text}"
    );
    let error = builder().register(&mut registry).unwrap_err();
    let family = String::from("query");
    assert_eq!(error, BuildError::DuplicateFamily { family });

    let disabled = builder().expose_on(&Exposition::disabled()).unwrap();
    disabled.start([]).ok();
}

#[test]
fn names_and_labels_that_are_none_or_clash_are_refused() {
    let (_metrics, exposition) = MetricsLayer::pair();
    let refused = |name: &str| {
        let error = Operation::builder(name).expose_on(&exposition).unwrap_err();
        error.to_string()
    };
    for (name, message) in [
        ("", r#"operation or mark "" is not allowed: it is empty"#),
        (
            "db query",
            r#"operation or mark "db query" is not allowed: it must begin with a letter, and have only letters, digits and underscores; write "db_query""#,
        ),
        (
            "query_",
            r#"operation or mark "query_" is not allowed: an underscore is added after it; write "query""#,
        ),
        (
            "query_total",
            r#"operation or mark "query_total" is not allowed: "_total" is added where it belongs; leave it out"#,
        ),
        (
            "http_requests",
            r#"the endpoint has another layer with a family "http_requests", whose series could be the same: write a `constant_label` with another value, or another `namespace`"#,
        ),
    ] {
        assert_eq!(refused(name), message);
    }
    let labelled = |label: &str| {
        let builder = builder().labels([label]);
        builder.expose_on(&exposition).unwrap_err().to_string()
    };
    for (label, part) in [
        ("le", "Prometheus uses it"),
        ("error", "it is the label of the error's kind"),
        ("a-b", "write \"a_b\""),
        ("job", "exported_job"),
    ] {
        assert!(labelled(label).contains(part), "{label}");
    }
    let twice = builder()
        .labels(["a", "a"])
        .expose_on(&exposition)
        .unwrap_err();
    assert!(twice.to_string().contains("another label has that name"));
    let none = builder()
        .max_label_sets(0)
        .expose_on(&exposition)
        .unwrap_err();
    assert_eq!(none, BuildError::NoLabelSets);
    let marks = (0..5).fold(builder(), |builder, index| {
        builder.mark(format!("mark{index}"), two_buckets())
    });
    let error = marks.expose_on(&exposition).unwrap_err();
    assert_eq!(error, BuildError::TooManyMarks { most: 4 });
    for (marks, named) in [(&["duration"][..], "duration"), (&["a", "b", "a"], "a")] {
        let add = |builder: OperationBuilder<0>, mark: &&str| builder.mark(*mark, two_buckets());
        let error = marks.iter().fold(builder(), add).expose_on(&exposition);
        let reason = String::from("the operation has another histogram of that name");
        let name = named.to_owned();
        assert_eq!(
            error.unwrap_err(),
            BuildError::InvalidOperation { name, reason }
        );
    }
    let _ = builder().expose_on(&exposition).unwrap();
    let error = builder().expose_on(&exposition).unwrap_err();
    assert!(matches!(error, BuildError::SameSeries { .. }), "{error}");
}

#[tokio::test]
async fn what_is_initialized_is_there_with_0_and_nothing_was_observed() {
    let (clock, exposition) = (TestClock::new(), endpoint());
    let query = builder().labels(["table"]).clock(&clock);
    let query = query.expose_on(&exposition).unwrap();
    let users = query.with(["users"]);
    users.initialize(["timeout", ""]);
    let expected = r#"# HELP query_total Operations that ended, in whatever way.
# TYPE query_total counter
query_total{table="users"} 0
# HELP query_errors_total Operations that failed, by kind of error.
# TYPE query_errors_total counter
query_errors_total{table="users",error="error"} 0
query_errors_total{table="users",error="timeout"} 0
# HELP query_cancelled_total Operations that were dropped before their end.
# TYPE query_cancelled_total counter
query_cancelled_total{table="users"} 0
# HELP query_duration_seconds Time from an operation's start to its end.
# TYPE query_duration_seconds histogram
query_duration_seconds_bucket{le="0.1",table="users"} 0
query_duration_seconds_bucket{le="1.0",table="users"} 0
query_duration_seconds_bucket{le="+Inf",table="users"} 0
query_duration_seconds_sum{table="users"} 0.0
query_duration_seconds_count{table="users"} 0
# HELP query_active Operations that have not ended yet.
# TYPE query_active gauge
query_active{table="users"} 0
"#;
    assert_eq!(text(&exposition, CLASSIC).await, expected);
    users.start().fail("timeout");
    let failed = text(&exposition, CLASSIC).await;
    for line in [
        r#"query_total{table="users"} 1"#,
        r#"query_errors_total{table="users",error="error"} 0"#,
        r#"query_errors_total{table="users",error="timeout"} 1"#,
    ] {
        assert!(
            failed.lines().any(|other| other == line),
            "{line} in {failed}"
        );
    }
}

#[test]
fn they_can_be_sent_and_shared() {
    fn assert_send_sync<T: Send + Sync>(_: &T) {}
    let driven = driven();
    assert_send_sync(&driven.query);
    let future = driven.query.run(ready(Ok::<_, Infallible>(())));
    assert_send_sync(&future);
    fn is_unpin<F: Future + Unpin>(_: &F) {}
    is_unpin(&future);
}
