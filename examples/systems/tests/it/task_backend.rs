use crate::support::{System, expect, samples, scrape, shows};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tower_red_systems::send;

const TASK_BACKEND: &str = env!("CARGO_BIN_EXE_task_backend");
const METRICS: &str = "/metrics";

/// Six tasks of three kinds, until all are done.
async fn work(address: SocketAddr) {
    let kinds = ["mail", "import", "mail", "report", "import", "mail"];
    for (number, kind) in kinds.into_iter().enumerate() {
        let id = expect(address, "POST /tasks", kind, 202).await;
        assert_eq!(id, (number + 1).to_string());
    }
    expect(address, "POST /tasks", "holiday", 422).await;
    let done = [
        r#"queue_task_total{kind="import"} 2"#,
        r#"queue_task_total{kind="mail"} 3"#,
        r#"queue_task_total{kind="report"} 1"#,
    ];
    shows(address, METRICS, "queue_task_total", &done).await;
}

#[tokio::test]
async fn tasks_retries_queries_and_the_cache_are_those_that_were_asked_for() {
    let mut system = System::start(TASK_BACKEND, &[]);
    let address = system.address();
    work(address).await;
    for (task, state) in [("1", "done"), ("2", "done"), ("4", "failed"), ("1", "done")] {
        let request = format!("GET /tasks/{task}");
        assert_eq!(expect(address, &request, "", 200).await, state);
    }
    expect(address, "GET /tasks/9", "", 404).await;
    let text = scrape(address, METRICS, "").await;
    let requests = [
        r#"http_requests_total{method="GET",endpoint="/tasks/{id}",status="200"} 4"#,
        r#"http_requests_total{method="GET",endpoint="/tasks/{id}",status="404"} 1"#,
        r#"http_requests_total{method="POST",endpoint="/tasks",status="202"} 6"#,
        r#"http_requests_total{method="POST",endpoint="/tasks",status="422"} 1"#,
    ];
    assert_eq!(samples(&text, "http_requests_total"), requests);
    let errors = [
        r#"http_errors_total{method="GET",endpoint="/tasks/{id}",error="404"} 1"#,
        r#"http_errors_total{method="POST",endpoint="/tasks",error="422"} 1"#,
    ];
    assert_eq!(samples(&text, "http_errors_total"), errors);
    let failed = r#"queue_task_errors_total{kind="report",error="gave_up"} 1"#;
    assert_eq!(samples(&text, "queue_task_errors_total"), [failed]);
    let retries = [
        r#"queue_retries_total{kind="import"} 2"#,
        r#"queue_retries_total{kind="report"} 2"#,
    ];
    assert_eq!(samples(&text, "queue_retries_total"), retries);
    assert_eq!(samples(&text, "queue_length"), ["queue_length 0"]);
    let active = [
        r#"queue_task_active{kind="import"} 0"#,
        r#"queue_task_active{kind="mail"} 0"#,
        r#"queue_task_active{kind="report"} 0"#,
    ];
    assert_eq!(samples(&text, "queue_task_active"), active);
    let cache = ["cache_hits_total 1", "cache_misses_total 4"];
    assert_eq!(samples(&text, "cache_"), cache);
    let queries = [
        r#"db_query_total{operation="insert",table="tasks"} 6"#,
        r#"db_query_total{operation="select",table="tasks"} 4"#,
        r#"db_query_total{operation="update",table="tasks"} 6"#,
    ];
    assert_eq!(samples(&text, "db_query_total"), queries);
    let pool = ["db_pool_connections 4"];
    assert_eq!(samples(&text, "db_pool_connections"), pool);
    assert_eq!(
        samples(&text, "db_pool_wait_total"),
        ["db_pool_wait_total 16"]
    );
}

#[tokio::test]
async fn tools_are_counted_by_name_and_what_fails_as_errors() {
    let mut system = System::start(TASK_BACKEND, &[]);
    let address = system.address();
    assert_eq!(expect(address, "POST /tools/sort", "b a", 200).await, "a b");
    assert_eq!(expect(address, "POST /tools/sum", "1 2", 200).await, "3");
    expect(address, "POST /tools/sum", "one two", 422).await;
    // It is no label.
    expect(address, "POST /tools/guess", "", 404).await;
    let text = scrape(address, METRICS, "").await;
    let runs = [
        r#"tool_run_total{tool="sort"} 1"#,
        r#"tool_run_total{tool="sum"} 2"#,
    ];
    assert_eq!(samples(&text, "tool_run_total"), runs);
    let failed = r#"tool_run_errors_total{tool="sum",error="invalid"} 1"#;
    assert_eq!(samples(&text, "tool_run_errors_total"), [failed]);
}

/// The value of the only sample of a family.
fn value(text: &str, family: &str) -> f64 {
    let samples = samples(text, family);
    let [sample] = samples[..] else {
        panic!("{samples:?}");
    };
    sample.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn the_machine_is_shown() {
    let mut system = System::start(TASK_BACKEND, &[]);
    let text = scrape(system.address(), METRICS, "").await;
    let busy = value(&text, "host_cpu_ratio");
    assert!((0.0..=1.0).contains(&busy), "{busy}");
    let used = value(&text, r#"host_memory_bytes{state="used"}"#);
    let total = value(&text, r#"host_memory_bytes{state="total"}"#);
    assert!(0.0 < used && used < total, "{used} of {total}");
    let free = samples(&text, "host_disk_free_bytes").len();
    assert_eq!(free, samples(&text, "host_disk_size_bytes").len());
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_has_the_queue_done_first() {
    let mut system = System::start(TASK_BACKEND, &[]);
    let address = system.address();
    for _ in 0..30 {
        expect(address, "POST /tasks", "report", 202).await;
    }
    let begun = Instant::now();
    let status = tokio::task::spawn_blocking(|| system.end()).await.unwrap();
    assert!(status.success(), "{status}");
    // Thirty tasks of three tries, two at a time: 1.8 seconds, of which some had passed.
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(300), "{took:?}");
}

/// The guide's budget: 500 series in 50 milliseconds, less than 10 MB, less than 1 % of a processor.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn metrics_cost_less_than_the_budget() {
    let mut system = System::start(TASK_BACKEND, &[]);
    let address = system.address();
    work(address).await;
    let before = scrape(address, METRICS, "").await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "TRACE"] {
        for path in ["/tasks", "/tasks/0", "/tools/sum", "/elsewhere"] {
            send(address, &format!("{method} {path}"), "")
                .await
                .unwrap();
        }
    }
    let first = scrape(address, METRICS, "").await;
    let series = first.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series >= 500, "{series} series");

    let mut fastest = Duration::MAX;
    let scrapes = 20;
    let mut last = String::new();
    for _ in 0..scrapes {
        let begun = Instant::now();
        last = send(address, "GET /metrics", "").await.unwrap().1;
        fastest = fastest.min(begun.elapsed());
    }
    let growth = value(&last, "process_resident_memory_bytes")
        - value(&before, "process_resident_memory_bytes");
    let cpu =
        value(&last, "process_cpu_seconds_total") - value(&first, "process_cpu_seconds_total");
    // Scraped every 15 seconds.
    let share = cpu / f64::from(scrapes) / 15.0;
    println!("{series} series in {fastest:?}, {growth} bytes, {share} of a processor");
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
    assert!(growth < 10e6, "{growth} bytes");
    assert!(share < 0.01, "{share} of a processor");
}
