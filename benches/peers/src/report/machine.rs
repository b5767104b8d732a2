use serde::{Deserialize, Serialize};
use std::{fmt, fs, process::Command, thread::available_parallelism};

/// Where it was measured.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    compiler: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        Self {
            processor: processor().unwrap_or_else(|| String::from("unknown processor")),
            cores: available_parallelism().map_or(1, usize::from),
            compiler: compiler().unwrap_or_else(|| String::from("unknown compiler")),
        }
    }
}

fn processor() -> Option<String> {
    let description = fs::read_to_string("/proc/cpuinfo").ok()?;
    let model = description
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(model.split_once(": ")?.1.to_owned())
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processor,
            cores,
            compiler,
        } = self;
        write!(f, "{processor}, {cores} cores, {compiler}")
    }
}
