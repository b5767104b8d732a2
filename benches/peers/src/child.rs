//! One measurement of one contender in a process of its own.
//!
//! Some contenders set a recorder for the whole process, and a process has luck or none with where its code
//! and memory lie: in a new one for each figure, this becomes noise that rounds average out. For code, that needs a new
//! copy of the program: the pages of a file stay where they are as long as it is in memory, and which ones share a
//! cache's sets made up to 45 ns of 190.

use crate::contenders::Contender;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    env, fs, io,
    path::PathBuf,
    process::{self, Command, Stdio},
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
    let program = Program::copy().expect("this program can be copied");
    let output = Command::new(&program.0)
        .args(arguments(job, contender))
        .stderr(Stdio::inherit())
        .output()
        .expect("this program can be started");
    assert!(output.status.success(), "{job:?} of {}", contender.name);
    serde_json::from_slice(&output.stdout).expect("a child answers what it was asked")
}

/// A copy of this program, removed when it is dropped.
struct Program(PathBuf);

impl Program {
    fn copy() -> io::Result<Self> {
        let name = format!("tower-red-peers-{}", process::id());
        let copy = Self(env::temp_dir().join(name));
        fs::copy(env::current_exe()?, &copy.0)?;
        Ok(copy)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // What is left in the directory for temporary files is no reason to fail.
        let _ = fs::remove_file(&self.0);
    }
}

/// What this program is started with to do a job.
pub(crate) fn arguments(job: &Job, contender: &Contender) -> [String; 3] {
    let job = serde_json::to_string(job).expect("jobs are plain data");
    ["child".into(), job, contender.name.into()]
}
