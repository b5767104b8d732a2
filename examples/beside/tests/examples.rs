//! The examples do what they say: each is started, called and scraped.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
};

const CLASSIC: &str = "text/plain;version=0.0.4";
const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";

struct Example {
    process: Child,
    /// Kept open, or it could not say more.
    _output: BufReader<ChildStdout>,
    address: String,
}

impl Example {
    fn start(binary: &str) -> Self {
        let mut command = Command::new(binary);
        let command = command.env("PORT", "0").stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.to_owned(),
            process,
            _output: output,
        }
    }

    /// The whole response, head and body.
    fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head}host: localhost\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    fn order(&self, price: &str) {
        let response = self.send("POST /orders HTTP/1.1\r\n", price);
        assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    }

    /// HTTP/1.0 has no chunks.
    fn scrape(&self, accept: &str) -> String {
        let response = self.send(
            &format!("GET /metrics HTTP/1.0\r\naccept: {accept}\r\n"),
            "",
        );
        assert!(response.starts_with("HTTP/1.0 200 "), "{response}");
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The text before the layer's first family.
fn beside(text: &str) -> &str {
    let ours = text.find("http_requests").unwrap();
    let end = text[..ours].rfind('\n').unwrap();
    &text[..=end]
}

/// The prices of two orders, as either library's histogram shows them.
const PRICES: &str = "\
# HELP order_price_euros What an order costs.
# TYPE order_price_euros histogram
order_price_euros_bucket{le=\"10.0\"} 0
order_price_euros_bucket{le=\"100.0\"} 1
order_price_euros_bucket{le=\"+Inf\"} 2
order_price_euros_sum 275.0
order_price_euros_count 2
";

/// An example that took two orders, which the layer has counted, and what it then exposes.
fn with_two_orders(binary: &str) -> (Example, String) {
    let example = Example::start(binary);
    example.order("25");
    example.order("250");
    let text = example.scrape(CLASSIC);
    assert!(
        text.contains("http_requests_total{method=\"POST\",route=\"/orders\",status=\"201\"} 2\n")
    );
    (example, text)
}

#[test]
fn the_metrics_facade_is_beside_the_layer() {
    let (example, text) = with_two_orders(env!("CARGO_BIN_EXE_metrics_facade"));
    let scalars = "\
# HELP orders_total Orders that came in.
# TYPE orders_total counter
orders_total{kind=\"web\"} 2
# TYPE order_last_price_euros gauge
order_last_price_euros 250
";
    let classic = beside(&text);
    assert!(classic.starts_with(scalars), "{classic}");
    assert!(classic.contains(PRICES), "{classic}");
    assert!(
        classic.contains("# TYPE order_words summary\norder_words{quantile=\"0.0\"} 1.0\n"),
        "{classic}"
    );

    let text = example.scrape(OPEN_METRICS);
    assert!(text.ends_with("# EOF\n"));
    let total =
        "# TYPE orders counter\n# HELP orders Orders that came in.\norders_total{kind=\"web\"} 2\n";
    assert!(beside(&text).starts_with(total), "{text}");
}

#[test]
fn the_prometheus_crate_is_beside_the_layer() {
    let (example, text) = with_two_orders(env!("CARGO_BIN_EXE_prometheus_crate"));
    let counter = "\
# HELP orders_total Orders that came in.
# TYPE orders_total counter
orders_total 2
";
    assert_eq!(beside(&text), format!("{PRICES}{counter}"));

    let text = example.scrape(OPEN_METRICS);
    assert!(text.ends_with("# EOF\n"));
    let total = "# TYPE orders counter\n# HELP orders Orders that came in.\norders_total 2\n";
    assert!(beside(&text).ends_with(total), "{text}");
}
