//! The examples do what they say.

mod support;

use http_body_util::BodyExt;
use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};
use support::{Scrape, http1, request};

/// An example that runs, until it is dropped.
struct Example {
    process: Child,
    /// Kept open, or its next line would fail.
    _stdout: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Example {
    /// Starts a server on a free port.
    fn serving(name: &str) -> Self {
        let mut process = Command::new(executable(name))
            .env("PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://");
        Self {
            address: address.unwrap_or(&line).parse().unwrap(),
            process,
            _stdout: stdout,
        }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn executable(name: &str) -> PathBuf {
    // A test is in `deps`, beside `examples`.
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    profile
        .join("examples")
        .join(name)
        .with_extension(env::consts::EXE_EXTENSION)
}

#[tokio::test]
async fn the_hyper_example_names_its_paths_by_the_declared_templates() {
    let example = Example::serving("hyper");
    let mut client = http1(example.address).await;
    let mut send = async |method: &str, path: &str| {
        client.ready().await.unwrap();
        let response = client.send_request(request(method, path)).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status.as_u16(), String::from_utf8(body.into()).unwrap())
    };
    assert_eq!(send("GET", "/users/7").await, (200, "user 7\n".into()));
    assert_eq!(send("GET", "/users/8").await.0, 200);
    assert_eq!(send("POST", "/orders").await.0, 201);
    assert_eq!(send("GET", "/wp-login.php").await.0, 404);
    let (status, text) = send("GET", "/metrics").await;
    assert_eq!(status, 200);
    let scrape = Scrape::parse(&text);
    for (labels, count) in [
        (r#"method="GET",route="/users/{id}",status="200""#, 2.0),
        (r#"method="POST",route="/orders",status="201""#, 1.0),
        (r#"method="GET",route="_unmatched",status="404""#, 1.0),
    ] {
        let series = format!("http_requests_total{{{labels}}}");
        assert_eq!(scrape.get(&series), count, "{series}");
    }
    assert_eq!(scrape.sum("http_requests_total"), 4.0);
}

#[test]
fn the_client_example_shows_what_came_of_its_calls() {
    let output = Command::new(executable("client")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let scrape: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("http_client_"))
        .collect();
    let scrape = Scrape::parse(&scrape.join("\n"));
    for (name, sum) in [
        ("requests_total", 5.0),
        ("errors_total", 3.0),
        ("requests_cancelled_total", 1.0),
        ("requests_in_flight", 0.0),
    ] {
        assert_eq!(scrape.sum(&format!("http_client_{name}")), sum, "{name}");
    }
    let refused = r#"{method="GET",route="/stock/{item}",peer="localhost:9",error="service"}"#;
    assert_eq!(
        scrape.get(&format!("http_client_errors_total{refused}")),
        1.0
    );
}
