use crate::support::{Receiver, System, expect, samples, scrape};
use std::net::SocketAddr;
use tower_red_systems::{send, send_with};

const QUIZ_API: &str = env!("CARGO_BIN_EXE_quiz_api");

/// Three users: one answers all, one leaves, one does nothing. And some mistakes.
async fn quiz(address: SocketAddr) {
    for (user, name) in [("1", "ada"), ("2", "bob"), ("3", "cyd")] {
        assert_eq!(expect(address, "POST /v1/users", name, 201).await, user);
        let start = format!("POST /v1/users/{user}/sessions");
        assert_eq!(expect(address, &start, "", 201).await, user);
    }
    expect(address, "POST /v1/users", "ada", 409).await;
    expect(address, "POST /v1/users/9/sessions", "", 404).await;
    for (question, sum) in [("11 + 7", "18"), ("11 + 14", "25"), ("11 + 21", "33")] {
        let asked = expect(address, "GET /v1/sessions/1/question", "", 200).await;
        assert_eq!(asked, question);
        let verdict = expect(address, "POST /v1/sessions/1/answer", sum, 200).await;
        assert_eq!(verdict, if sum == "33" { "wrong\n" } else { "right\n" });
    }
    expect(address, "GET /v1/sessions/1/question", "", 404).await;
    expect(address, "POST /v1/sessions/2/answer", "many", 422).await;
    expect(address, "DELETE /v1/sessions/2", "", 204).await;
    expect(address, "DELETE /v1/sessions/2", "", 404).await;
}

const REQUESTS: [&str; 10] = [
    r#"http_requests_total{method="DELETE",route="/v1/sessions/{id}",status="204"} 1"#,
    r#"http_requests_total{method="DELETE",route="/v1/sessions/{id}",status="404",problem="not_found"} 1"#,
    r#"http_requests_total{method="GET",route="/v1/sessions/{id}/question",status="200"} 3"#,
    r#"http_requests_total{method="GET",route="/v1/sessions/{id}/question",status="404",problem="not_found"} 1"#,
    r#"http_requests_total{method="POST",route="/v1/sessions/{id}/answer",status="200"} 3"#,
    r#"http_requests_total{method="POST",route="/v1/sessions/{id}/answer",status="422",problem="invalid"} 1"#,
    r#"http_requests_total{method="POST",route="/v1/users",status="201"} 3"#,
    r#"http_requests_total{method="POST",route="/v1/users",status="409",problem="conflict"} 1"#,
    r#"http_requests_total{method="POST",route="/v1/users/{id}/sessions",status="201"} 3"#,
    r#"http_requests_total{method="POST",route="/v1/users/{id}/sessions",status="404",problem="not_found"} 1"#,
];

#[tokio::test]
async fn the_quiz_shows_the_requests_queries_and_sessions_that_there_were() {
    let mut system = System::start(QUIZ_API, &[("SESSION_IDLE_SECONDS", "3600")]);
    let address = system.address();
    quiz(address).await;
    let text = scrape(address, "/v1/metrics", "").await;
    assert_eq!(samples(&text, "http_requests_total"), REQUESTS);
    let queries = [
        r#"db_query_total{operation="insert",table="questions"} 3"#,
        r#"db_query_total{operation="insert",table="sessions"} 3"#,
        r#"db_query_total{operation="insert",table="users"} 4"#,
        r#"db_query_total{operation="select",table="questions"} 7"#,
        r#"db_query_total{operation="select",table="users"} 4"#,
        r#"db_query_total{operation="update",table="questions"} 3"#,
        r#"db_query_total{operation="update",table="sessions"} 5"#,
    ];
    assert_eq!(samples(&text, "db_query_total"), queries);
    let failed = r#"db_query_errors_total{operation="insert",table="users",error="constraint"} 1"#;
    assert_eq!(samples(&text, "db_query_errors_total"), [failed]);
    let quiz = [
        "quiz_questions_generated_total 9",
        "quiz_questions_served_total 3",
        "quiz_registrations_total 3",
        "quiz_sessions_abandoned_total 1",
        "quiz_sessions_active 1",
        "quiz_sessions_completed_total 1",
        "quiz_sessions_started_total 3",
    ];
    assert_eq!(samples(&text, "quiz_"), quiz);
}

#[tokio::test]
async fn the_quiz_has_opentelemetrys_names_if_it_is_told_to() {
    let mut system = System::start(QUIZ_API, &[("NAMING", "opentelemetry")]);
    let address = system.address();
    quiz(address).await;
    let text = scrape(address, "/v1/metrics", "").await;
    let counts = samples(&text, "http_server_request_duration_seconds_count");
    assert_eq!(counts.len(), 10, "{counts:?}");
    assert!(
        counts[0].contains(r#"http_route="/v1/sessions/{id}""#),
        "{counts:?}"
    );
}

#[tokio::test]
async fn the_quiz_shows_metrics_to_whom_knows_the_secret() {
    let secrets = [("METRICS_TOKEN", "secret"), ("METRICS_BASIC", "dTpw")];
    let mut system = System::start(QUIZ_API, &secrets);
    let address = system.address();
    for (header, expected) in [
        ("", 401),
        ("authorization: Bearer other\r\n", 401),
        ("authorization: Bearer dTpw\r\n", 401),
        ("authorization: Bearer secret\r\n", 200),
        ("authorization: Basic dTpw\r\n", 200),
    ] {
        for path in ["/v1/metrics", "/red"] {
            let request = format!("GET {path}");
            let (status, _) = send_with(address, &request, header, "").await.unwrap();
            assert_eq!(status, expected, "{path} {header}");
        }
    }
    expect(address, "POST /v1/users", "ada", 201).await;
}

#[tokio::test]
async fn the_quiz_takes_60_scrapes_a_minute() {
    let mut system = System::start(QUIZ_API, &[]);
    let address = system.address();
    let mut statuses = Vec::new();
    for _ in 0..70 {
        statuses.push(send(address, "GET /v1/metrics", "").await.unwrap().0);
    }
    let (taken, refused) = statuses.split_at(60);
    assert!(taken.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(refused.iter().all(|status| *status == 429), "{statuses:?}");
    expect(address, "POST /v1/users", "ada", 201).await;
}

#[tokio::test]
async fn the_quiz_answers_503_while_metrics_are_switched_off() {
    let mut system = System::start(QUIZ_API, &[("OTEL_METRICS_EXPORTER", "none")]);
    let address = system.address();
    quiz(address).await;
    expect(address, "GET /v1/metrics", "", 503).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_quiz_is_pulled_and_pushed_at_once_and_pushes_the_last_values_when_it_ends() {
    let receiver = Receiver::start().await;
    let endpoint = format!("http://{}", receiver.address);
    let variables = [
        ("OTEL_METRICS_EXPORTER", "prometheus, otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
    ];
    let mut system = System::start(QUIZ_API, &variables);
    let address = system.address();
    quiz(address).await;
    let text = scrape(address, "/v1/metrics", "").await;
    assert_eq!(samples(&text, "http_requests_total"), REQUESTS);
    // The interval is a minute: this is the last export.
    let status = tokio::task::spawn_blocking(|| system.end()).await.unwrap();
    assert!(status.success(), "{status}");
    for name in [
        "http_requests_total",
        "db_query_total",
        "quiz_sessions_started_total",
    ] {
        assert!(receiver.has(name), "{name}");
    }
}

#[tokio::test]
async fn the_quiz_is_pushed_alone() {
    let variables = [
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
    ];
    let mut system = System::start(QUIZ_API, &variables);
    let address = system.address();
    expect(address, "GET /v1/metrics", "", 503).await;
}
