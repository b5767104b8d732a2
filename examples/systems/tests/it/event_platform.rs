use crate::support::{System, expect, samples, scrape, shows};
use std::net::SocketAddr;
use tower_red_systems::send_with;

const EVENT_PLATFORM: &str = env!("CARGO_BIN_EXE_event_platform");
const METRICS: &str = "/metrics";
const ADA: &str = "x-api-key: key-of-ada\r\n";
const BOB: &str = "x-api-key: key-of-bob\r\n";

struct Platform {
    /// Kept, or it would end.
    system: System,
    ingest: SocketAddr,
    ui: SocketAddr,
    private: SocketAddr,
}

impl Platform {
    fn start() -> Self {
        let variables = [("RATE_LIMIT", "5"), ("CACHE_SECONDS", "3600")];
        let mut system = System::start(EVENT_PLATFORM, &variables);
        let [ingest, ui, private] = [(); 3].map(|()| system.address());
        Self {
            system,
            ingest,
            ui,
            private,
        }
    }

    async fn send(&self, key: &str, event: &str, status: u16) {
        let sent = send_with(self.ingest, "POST /v1/events", key, event).await;
        assert_eq!(sent.unwrap().0, status, "{key}{event}");
    }

    /// Eleven events, of which seven are taken, until these are processed.
    async fn work(&self) {
        for event in [
            "message a b",
            "purchase a",
            "message a b",
            "purchase a",
            "message",
        ] {
            self.send(ADA, event, 202).await;
        }
        self.send(ADA, "message", 429).await;
        self.send(ADA, "message", 429).await;
        // What a client calls its events is no label.
        self.send(BOB, "thunder and lightning", 202).await;
        self.send(BOB, "", 202).await;
        self.send("", "message", 401).await;
        self.send("x-api-key: key-of-eve\r\n", "message", 401).await;
        let done = [
            r#"lynex_processor_event_total{kind="message"} 3"#,
            r#"lynex_processor_event_total{kind="other"} 2"#,
            r#"lynex_processor_event_total{kind="purchase"} 2"#,
        ];
        shows(self.private, METRICS, "lynex_processor_event_total", &done).await;
    }
}

#[tokio::test]
async fn the_ingest_api_counts_events_rejections_and_failed_authentication_under_its_prefix() {
    let platform = Platform::start();
    platform.work().await;
    let text = scrape(platform.private, METRICS, "").await;
    let requests = [
        r#"lynex_ingest_http_requests_total{method="POST",endpoint="/v1/events",status_code="202"} 7"#,
        r#"lynex_ingest_http_requests_total{method="POST",endpoint="/v1/events",status_code="401"} 2"#,
        r#"lynex_ingest_http_requests_total{method="POST",endpoint="/v1/events",status_code="429"} 2"#,
    ];
    assert_eq!(samples(&text, "lynex_ingest_http_requests_total"), requests);
    let refused = [
        r#"lynex_ingest_auth_failures_total{reason="no_key"} 1"#,
        r#"lynex_ingest_auth_failures_total{reason="unknown_key"} 1"#,
    ];
    assert_eq!(samples(&text, "lynex_ingest_auth_failures_total"), refused);
    let limited = ["lynex_ingest_rate_limited_total 2"];
    assert_eq!(samples(&text, "lynex_ingest_rate_limited_total"), limited);
}

#[tokio::test]
async fn the_processor_shows_its_queue_its_work_tokens_and_cost_without_http_of_its_own() {
    let platform = Platform::start();
    platform.work().await;
    let text = scrape(platform.private, METRICS, "").await;
    for (family, expected) in [
        (
            "lynex_processor_queue_total",
            "lynex_processor_queue_total 7",
        ),
        (
            "lynex_processor_queue_active",
            "lynex_processor_queue_active 0",
        ),
        (
            "lynex_processor_queue_duration_seconds_count",
            "lynex_processor_queue_duration_seconds_count 7",
        ),
        (
            "lynex_processor_event_errors_total",
            r#"lynex_processor_event_errors_total{kind="other",error="malformed"} 1"#,
        ),
    ] {
        assert_eq!(samples(&text, family), [expected]);
    }
    let tokens = [
        r#"lynex_processor_tokens_total{kind="message"} 7"#,
        r#"lynex_processor_tokens_total{kind="other"} 3"#,
        r#"lynex_processor_tokens_total{kind="purchase"} 4"#,
    ];
    assert_eq!(samples(&text, "lynex_processor_tokens_total"), tokens);
    let cost = samples(&text, "lynex_processor_cost_dollars_total");
    let (_, dollars) = cost[0].rsplit_once(' ').unwrap();
    let dollars: f64 = dollars.parse().unwrap();
    assert!((dollars - 14.0 * 0.000_002).abs() < 1e-12, "{dollars}");
    for none in [
        "lynex_processor_queue_cancelled_total",
        "lynex_processor_http",
    ] {
        assert_eq!(samples(&text, none), [""; 0]);
    }
}

#[tokio::test]
async fn the_user_interface_shows_its_requests_and_its_cache_under_its_prefix() {
    let platform = Platform::start();
    platform.work().await;
    for (kind, events) in [("message", "3"), ("message", "3"), ("purchase", "2")] {
        let request = format!("GET /v1/events/{kind}/count");
        assert_eq!(expect(platform.ui, &request, "", 200).await, events);
    }
    expect(platform.ui, "GET /v1/events/storm/count", "", 404).await;
    let text = scrape(platform.private, METRICS, "").await;
    let requests = [
        r#"lynex_ui_http_requests_total{method="GET",endpoint="/v1/events/{kind}/count",status_code="200"} 3"#,
        r#"lynex_ui_http_requests_total{method="GET",endpoint="/v1/events/{kind}/count",status_code="404"} 1"#,
    ];
    assert_eq!(samples(&text, "lynex_ui_http_requests_total"), requests);
    let cache = [
        "lynex_ui_cache_hits_total 1",
        "lynex_ui_cache_misses_total 2",
    ];
    assert_eq!(samples(&text, "lynex_ui_cache_"), cache);
}

#[tokio::test]
async fn the_metrics_are_on_no_public_port() {
    let platform = Platform::start();
    for address in [platform.ingest, platform.ui] {
        for path in ["/metrics", "/red"] {
            expect(address, &format!("GET {path}"), "", 404).await;
        }
    }
    expect(platform.private, "GET /red", "", 200).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_all_three() {
    let platform = Platform::start();
    platform.work().await;
    let system = platform.system;
    let status = tokio::task::spawn_blocking(|| system.end()).await.unwrap();
    assert!(status.success(), "{status}");
}
