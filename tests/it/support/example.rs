//! Examples, run as their users do.
//!
//! `cargo test` builds them before it runs tests, `cargo test --test it` alone does not.

use std::{
    env,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
    time::Duration,
};

/// An example that runs, until it is dropped.
pub(crate) struct Example {
    pub(crate) process: Child,
    /// What it says and what it complains of are read as they come: a full pipe would hold it up, and a closed
    /// one fail it.
    lines: Receiver<String>,
    complaint: Option<JoinHandle<String>>,
}

impl Example {
    /// Starts it with nothing set but ports, which are free ones, and these variables.
    pub(crate) fn start(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(executable(name))
            .args(arguments)
            .env_remove("METRICS_TOKEN")
            .env_remove("METRICS_BASIC")
            .envs([("PORT", "0"), ("ADMIN_PORT", "0"), ("RUST_BACKTRACE", "0")])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let stderr = process.stderr.take().unwrap();
        let (say, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut line = String::new();
            while stdout.read_line(&mut line).unwrap() > 0 {
                // Nobody may want to know any more.
                say.send(std::mem::take(&mut line)).ok();
            }
        });
        Self {
            process,
            lines,
            complaint: Some(thread::spawn(move || io::read_to_string(stderr).unwrap())),
        }
    }

    /// The address in the next line, after these words.
    pub(crate) fn address(&mut self, words: &str) -> SocketAddr {
        let line = self.lines.recv_timeout(Duration::from_secs(20));
        let line = line.unwrap_or_else(|_| panic!("it did not say {words:?}"));
        let address = line.trim().strip_prefix(words);
        address.unwrap_or_else(|| panic!("{line}")).parse().unwrap()
    }

    /// Ends it, for all that it has said since to be there.
    pub(crate) fn said(&mut self) -> String {
        self.process.kill().ok();
        self.lines.iter().collect()
    }

    /// Ends it, for all that it has complained of to be there.
    pub(crate) fn complaint(&mut self) -> String {
        self.process.kill().ok();
        let complaint = self.complaint.take().expect("it is asked once");
        complaint.join().unwrap()
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
    let built = profile
        .join("examples")
        .join(name)
        .with_extension(env::consts::EXE_EXTENSION);
    assert!(
        built.is_file(),
        "{} is missing: `cargo build --example {name}` makes it",
        built.display()
    );
    built
}
