//! Examples, run as their users do.

use std::{
    env,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

/// An example that runs, until it is dropped.
pub(crate) struct Example {
    pub(crate) process: Child,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
}

impl Example {
    /// Starts it with nothing set but ports, which are free ones, and these variables.
    pub(crate) fn start(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(executable(name))
            .args(arguments)
            .env_remove("METRICS_TOKEN")
            .env_remove("METRICS_BASIC")
            .envs([("PORT", "0"), ("ADMIN_PORT", "0")])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdout: BufReader::new(process.stdout.take().unwrap()),
            stderr: process.stderr.take().unwrap(),
            process,
        }
    }

    /// The address in the next line, after these words.
    pub(crate) fn address(&mut self, words: &str) -> SocketAddr {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix(words);
        address.unwrap_or_else(|| panic!("{line}")).parse().unwrap()
    }

    /// Ends it, for all that it has said to be there.
    pub(crate) fn complaint(&mut self) -> String {
        self.process.kill().ok();
        io::read_to_string(&mut self.stderr).unwrap()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Where an example was built.
pub(crate) fn executable(name: &str) -> PathBuf {
    // A test is in `deps`, beside `examples`.
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    profile
        .join("examples")
        .join(name)
        .with_extension(env::consts::EXE_EXTENSION)
}
