//! One measurement of one contender in a process of its own.
//!
//! Some contenders set a recorder for the whole process, and a process has luck or none with where its code
//! and memory lie: in a new one for each figure, this becomes noise that rounds average out.

use crate::contenders::Contender;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    env,
    process::{Command, Stdio},
};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Job {
    Time,
    /// To be run by callgrind.
    Instructions,
    Allocations,
    Scaling {
        threads: Vec<usize>,
    },
    Scrape {
        label_sets: usize,
    },
    Heap {
        label_sets: usize,
    },
}

/// Has a job done.
pub(crate) fn run<T: DeserializeOwned>(job: &Job, contender: &Contender) -> T {
    let program = env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(arguments(job, contender))
        .stderr(Stdio::inherit())
        .output()
        .expect("this program can be started");
    assert!(output.status.success(), "{job:?} of {}", contender.name);
    serde_json::from_slice(&output.stdout).expect("a child answers what it was asked")
}

/// What this program is started with to do a job.
pub(crate) fn arguments(job: &Job, contender: &Contender) -> [String; 3] {
    let job = serde_json::to_string(job).expect("jobs are plain data");
    ["child".into(), job, contender.name.into()]
}
