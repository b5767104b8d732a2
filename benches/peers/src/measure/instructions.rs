//! Callgrind runs this very program, and counts while [`counted`] runs: without what comes before.

use super::rounds::Rounds;
use crate::{
    child::{self, Job},
    contenders::{BARE, Contender, WRAPPER},
    report::Table,
    support::{drive, routes, served, targets},
};
use axum::Router;
use http::Method;
use std::{env, process::Command};

const REQUESTS: usize = 6_000;
const WARM_UP: usize = 1_200;

/// Instructions per request. Empty where there is no valgrind.
pub(super) fn measure(contenders: &[&Contender]) -> Rounds<f64> {
    let mut rounds = Rounds::default();
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("Instructions: valgrind is not installed");
        return rounds;
    }
    for contender in contenders {
        eprintln!("Instructions: {}", contender.name);
        rounds.push(contender, per_request(contender));
    }
    rounds
}

fn per_request(contender: &Contender) -> f64 {
    let program = env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([
            "--collect-atstart=no",
            "--toggle-collect=*::instructions::counted*",
        ])
        .arg(program)
        .args(child::arguments(&Job::Instructions, contender))
        .output()
        .expect("valgrind is installed");
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, count)| count.trim().parse::<u64>().ok());
    match collected {
        Some(count @ 1..) => count as f64 / REQUESTS as f64,
        _ => panic!("callgrind counted nothing:\n{log}"),
    }
}

/// What callgrind runs.
pub(crate) fn drive_counted(contender: &Contender) {
    let router = served(contender.set_up_by_default().add_to(routes()));
    let targets = targets();
    drive(&router, &targets, WARM_UP);
    counted(&router, &targets);
}

#[inline(never)]
fn counted(router: &Router, targets: &[(Method, String)]) {
    drive(router, targets, REQUESTS);
}

pub(crate) fn table(rounds: &Rounds<f64>) -> Table {
    let mut table = Table::new(
        "Instructions per request",
        ["", "all", "beyond bare", "beyond the wrapper"],
    );
    table.note("Those that making a request takes are among them.");
    let bare = rounds.of(BARE).first();
    let wrapper = rounds.of(WRAPPER).first();
    let beyond = |count: f64, base: Option<&f64>| {
        base.map_or(String::new(), |base| format!("{:+.0}", count - base))
    };
    for (contender, counts) in rounds.iter() {
        let count = counts[0];
        table.row(
            contender.title,
            [
                format!("{count:.0}"),
                beyond(count, bare),
                beyond(count, wrapper),
            ],
        );
    }
    table
}
