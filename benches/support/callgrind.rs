//! Instructions, counted by callgrind: unlike nanoseconds, they are the same in every run.

use std::{
    env, fs,
    process::{Command, ExitCode},
};

/// How many are driven and counted.
pub(crate) const REQUESTS: usize = 6_000;

/// What is counted.
pub(crate) struct Count {
    /// What one of them is.
    pub(crate) kind: &'static str,
    /// What it is without any layer.
    pub(crate) bare: &'static str,
    /// What may add no more than the figure: first the layer, whose figure that is.
    pub(crate) layers: &'static [&'static str],
    /// Where its figure is kept.
    pub(crate) record: &'static str,
}

impl Count {
    /// With `--drive`, drives the contender that follows; else counts what that takes in this program. With
    /// `--record`, keeps the figure; with `--check`, fails if a layer adds 5 % more than the one that was kept.
    pub(crate) fn main(&self, drive: impl FnOnce(&str)) -> ExitCode {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if let ["--drive", contender] = arguments[..] {
            drive(contender);
            return ExitCode::SUCCESS;
        }
        let added = self.added();
        if arguments.contains(&"--record") {
            fs::write(self.record, format!("{}\n", added[0])).unwrap();
        }
        if arguments.contains(&"--check") {
            return self.check(&added);
        }
        ExitCode::SUCCESS
    }

    /// What each layer adds to the one that does nothing.
    fn added(&self) -> Vec<i64> {
        let Self {
            kind, bare: title, ..
        } = self;
        let [bare, nothing] = ["bare", "nothing"].map(per_request);
        println!("{title:<26}  {bare:>6} instructions a {kind}");
        println!("a layer that does nothing   {:>+6}", nothing - bare);
        let added = |name: &&str| {
            let layer = per_request(name);
            let added = layer - nothing;
            println!("{name:<26}  {:>+6}, {added:+} beyond it", layer - bare);
            added
        };
        self.layers.iter().map(added).collect()
    }

    fn check(&self, added: &[i64]) -> ExitCode {
        let recorded = fs::read_to_string(self.record).unwrap();
        let recorded: i64 = recorded.trim().parse().unwrap();
        println!("recorded                    {recorded:>+6} beyond it, 5 % more are allowed");
        if added.iter().any(|added| added * 100 > recorded * 105) {
            println!("the layer adds more than that");
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}

/// Counts the instructions of [`measured`], in this program with `--drive`.
pub(crate) fn per_request(contender: &str) -> i64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        // Not the start: calibrating the clock takes more or less time.
        .args(["--collect-atstart=no", "--toggle-collect=*measured*"])
        .arg(env::current_exe().unwrap())
        .args(["--drive", contender])
        .output()
        .expect("valgrind is installed");
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.unwrap_or_else(|| panic!("no count in: {log}"));
    collected.trim().parse::<i64>().unwrap() / REQUESTS as i64
}

#[inline(never)]
pub(crate) fn measured(drive: impl FnOnce()) {
    drive();
}
