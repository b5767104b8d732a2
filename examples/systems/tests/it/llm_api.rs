use crate::support::{System, expect, samples, scrape, shows};
use futures_util::{SinkExt, StreamExt};
use std::{collections::BTreeMap, net::SocketAddr};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

const LLM_API: &str = env!("CARGO_BIN_EXE_llm_api");

async fn open_socket(address: SocketAddr) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/v1/socket");
    client_async(url, stream).await.unwrap().0
}

async fn next_text(socket: &mut WebSocketStream<TcpStream>) -> String {
    let message = socket.next().await.unwrap().unwrap();
    message.into_text().unwrap().to_string()
}

async fn ask(address: SocketAddr) {
    let answer = expect(address, "POST /v1/models/small/complete", "a b c", 200).await;
    assert_eq!(answer, "c b a");
    let events = expect(address, "POST /v1/models/large/stream", "a b", 200).await;
    assert_eq!(events, "data: b\n\ndata: a\n\n");
    let events = expect(address, "POST /v1/models/small/stream", "x break y", 200).await;
    assert_eq!(events, "data: y\n\nevent: error\ndata: broken\n\n");
    expect(address, "POST /v1/models/small/stream", "overload", 503).await;
    expect(address, "POST /v1/models/small/complete", "break", 502).await;
    expect(address, "POST /v1/models/huge/complete", "a", 422).await;
}

#[tokio::test]
async fn the_models_calls_tokens_and_errors_are_those_that_were_asked_for() {
    let mut system = System::start(LLM_API, &[]);
    let address = system.address();
    ask(address).await;
    let text = scrape(address, "/metrics", "").await;
    let requests = [
        r#"http_requests_total{method="POST",path="/v1/models/{model}/complete",status="200"} 1"#,
        r#"http_requests_total{method="POST",path="/v1/models/{model}/complete",status="422",type="invalid"} 1"#,
        r#"http_requests_total{method="POST",path="/v1/models/{model}/complete",status="502",type="broken"} 1"#,
        r#"http_requests_total{method="POST",path="/v1/models/{model}/stream",status="200"} 2"#,
        r#"http_requests_total{method="POST",path="/v1/models/{model}/stream",status="503",type="overloaded"} 1"#,
    ];
    assert_eq!(samples(&text, "http_requests_total"), requests);
    let errors: Vec<_> = samples(&text, "http_errors_total");
    assert_eq!(errors.len(), 3, "{errors:?}");
    let calls = [
        r#"llm_call_total{model="large"} 1"#,
        r#"llm_call_total{model="small"} 4"#,
    ];
    assert_eq!(samples(&text, "llm_call_total"), calls);
    let failed = [
        r#"llm_call_errors_total{model="small",error="broken"} 2"#,
        r#"llm_call_errors_total{model="small",error="overloaded"} 1"#,
    ];
    assert_eq!(samples(&text, "llm_call_errors_total"), failed);
    let first_tokens = [
        r#"llm_call_first_token_seconds_count{model="large"} 1"#,
        r#"llm_call_first_token_seconds_count{model="small"} 2"#,
    ];
    let shown = samples(&text, "llm_call_first_token_seconds_count");
    assert_eq!(shown, first_tokens);
    let tokens = [
        r#"llm_tokens_total{model="large",kind="completion"} 2"#,
        r#"llm_tokens_total{model="large",kind="prompt"} 2"#,
        r#"llm_tokens_total{model="small",kind="completion"} 4"#,
        r#"llm_tokens_total{model="small",kind="prompt"} 8"#,
    ];
    assert_eq!(samples(&text, "llm_tokens_total"), tokens);
}

#[tokio::test]
async fn conversations_and_escalations_are_counted() {
    let mut system = System::start(LLM_API, &[]);
    let address = system.address();
    for id in ["1", "2"] {
        assert_eq!(expect(address, "POST /v1/conversations", "", 201).await, id);
    }
    expect(address, "POST /v1/conversations/2/escalate", "", 202).await;
    expect(address, "POST /v1/conversations/3/escalate", "", 404).await;
    let text = scrape(address, "/metrics", "").await;
    assert_eq!(
        samples(&text, "conversations_total"),
        ["conversations_total 2"]
    );
    assert_eq!(samples(&text, "escalations_total"), ["escalations_total 1"]);
}

#[tokio::test]
async fn open_sockets_and_their_messages_are_counted() {
    let mut system = System::start(LLM_API, &[]);
    let address = system.address();
    let mut first = open_socket(address).await;
    let mut second = open_socket(address).await;
    for prompt in ["a b", "c"] {
        first.send(Message::text(prompt)).await.unwrap();
    }
    for token in ["b", "a", "c"] {
        assert_eq!(next_text(&mut first).await, token);
    }
    second.send(Message::text("overload")).await.unwrap();
    assert_eq!(next_text(&mut second).await, "error: overloaded");
    let messages = [
        r#"websocket_messages_total{direction="in"} 3"#,
        r#"websocket_messages_total{direction="out"} 4"#,
    ];
    shows(address, "/metrics", "websocket_messages_total", &messages).await;
    let active = "websocket_connection_active";
    shows(
        address,
        "/metrics",
        active,
        &["websocket_connection_active 2"],
    )
    .await;
    let upgraded = r#"http_requests_total{method="GET",path="/v1/socket",status="101"} 2"#;
    shows(address, "/metrics", "http_requests_total", &[upgraded]).await;

    first.close(None).await.unwrap();
    shows(
        address,
        "/metrics",
        active,
        &["websocket_connection_active 1"],
    )
    .await;
    let ended = "websocket_connection_total";
    shows(
        address,
        "/metrics",
        ended,
        &["websocket_connection_total 1"],
    )
    .await;
    shows(
        address,
        "/metrics",
        "websocket_connection_errors_total",
        &[],
    )
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_closes_sockets() {
    let mut system = System::start(LLM_API, &[]);
    let mut socket = open_socket(system.address()).await;
    let end = tokio::task::spawn_blocking(|| system.end());
    let last = socket.next().await.unwrap().unwrap();
    let Message::Close(Some(frame)) = last else {
        panic!("{last:?}");
    };
    assert_eq!(frame.code, CloseCode::Away);
    let status = end.await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn durations_have_the_buckets_of_their_kind_of_work_and_fewer_than_20() {
    let mut system = System::start(LLM_API, &[]);
    let address = system.address();
    ask(address).await;
    expect(address, "GET /v1/models", "", 200).await;
    let text = scrape(address, "/metrics", "").await;
    let fast = r#"{le="0.01",method="GET",path="/v1/models"}"#;
    let medium = r#"{le="0.25",method="POST",path="/v1/models/{model}/stream"}"#;
    let slow = r#"{le="120.0",method="POST",path="/v1/models/{model}/complete"}"#;
    for labels in [fast, medium, slow] {
        let series = format!("http_request_duration_seconds_bucket{labels} ");
        assert_eq!(samples(&text, &series).len(), 1, "{series}\n{text}");
    }
    let mut buckets = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains("_bucket{le=")) {
        let (family, rest) = line.split_once("{le=").unwrap();
        let (_, labels) = rest.split_once('"').unwrap();
        let (_, labels) = labels.split_once('"').unwrap();
        let (labels, _) = labels.rsplit_once(' ').unwrap();
        *buckets.entry((family, labels)).or_insert(0) += 1;
    }
    assert!(buckets.len() > 5, "{buckets:?}");
    assert!(buckets.values().all(|count| *count < 20), "{buckets:?}");
}
