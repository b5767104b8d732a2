use super::samples;
use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    process::ChildStdout,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tower_red_systems::{send, send_with};

/// A system that runs until it is dropped, on free ports and without a load of its own.
pub(crate) struct System {
    process: Child,
    /// Kept open, or it could not say more.
    output: Lines<BufReader<ChildStdout>>,
}

impl System {
    pub(crate) fn start(binary: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(binary);
        command
            .envs([("PORT", "0"), ("LOAD", "off")])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, output }
    }

    /// The address of the next server that it names.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let mut addresses = self
            .output
            .by_ref()
            .map_while(Result::ok)
            .filter_map(|line| {
                let address = line.strip_prefix("listening on http://")?.to_owned();
                Some(address)
            });
        addresses.next().expect("it listens").parse().unwrap()
    }

    /// Asks it to end, as a supervisor does, and waits for that.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        self.process.wait().unwrap()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A scrape in the classic text format, once no request is in flight.
pub(crate) async fn scrape(address: SocketAddr, path: &str, headers: &str) -> String {
    let request = format!("GET {path}");
    for _ in 0..40 {
        let (status, text) = send_with(address, &request, headers, "").await.unwrap();
        assert_eq!(status, 200, "{text}");
        let mut gauges = text
            .lines()
            .filter(|line| line.contains("http_requests_in_flight{"));
        if gauges.all(|line| line.ends_with(" 0")) {
            return text;
        }
        // The server sees the end of a response a moment after its client.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("requests are in flight for two seconds");
}

/// Sends a request, and returns the body if the status is that one.
pub(crate) async fn expect(address: SocketAddr, request: &str, body: &str, status: u16) -> String {
    let (answered, text) = send(address, request, body).await.unwrap();
    assert_eq!(answered, status, "{request}: {text}");
    text
}

/// Scrapes until a family shows these samples: a client sees an end a moment before the server has counted it.
pub(crate) async fn shows(address: SocketAddr, path: &str, family: &str, expected: &[&str]) {
    let mut text = String::new();
    for _ in 0..40 {
        text = scrape(address, path, "").await;
        if samples(&text, family) == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(samples(&text, family), expected);
}
