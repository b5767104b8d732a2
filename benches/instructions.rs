//! Instructions per request, counted by callgrind: unlike nanoseconds, they are the same in every run.
//!
//! `cargo bench --bench instructions` prints what the layer adds to the layer that wraps all and does
//! nothing. With `-- --check`, it fails if that is more than 5 % above the figure in
//! `benches/instructions.txt`; with `-- --record`, it writes that file.

mod support;

use axum::Router;
use http::Method;
use std::{
    env, fs,
    process::{Command, ExitCode},
};
use support::{NothingLayer, drive, routes, served, targets};
use tower_red::MetricsLayer;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");
const REQUESTS: usize = 6_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--drive", contender] = arguments[..] {
        run(contender);
        return ExitCode::SUCCESS;
    }
    let [bare, nothing, layer] = ["bare", "nothing", "tower-red"].map(per_request);
    let added = layer - nothing;
    println!("bare router                 {bare:>6} instructions a request");
    println!("a layer that does nothing   {:>+6}", nothing - bare);
    println!(
        "tower-red                   {:>+6}, {added:+} beyond it",
        layer - bare
    );
    if arguments.contains(&"--record") {
        fs::write(RECORD, format!("{added}\n")).unwrap();
    }
    if arguments.contains(&"--check") {
        return check(added);
    }
    ExitCode::SUCCESS
}

fn check(added: i64) -> ExitCode {
    let recorded: i64 = fs::read_to_string(RECORD).unwrap().trim().parse().unwrap();
    println!("recorded                    {recorded:>+6} beyond it, 5 % more are allowed");
    if added * 100 > recorded * 105 {
        println!("the layer adds more than that");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Counts the instructions of [`measured`], in this program with `--drive`.
fn per_request(contender: &str) -> i64 {
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

fn run(contender: &str) {
    let router = match contender {
        "bare" => routes(),
        "nothing" => routes().layer(NothingLayer),
        _ => routes().layer(MetricsLayer::pair().0),
    };
    let (router, targets) = (served(router), targets());
    // The first sight of a route, a status, a thread may cost more.
    drive(&router, &targets, targets.len());
    measured(&router, &targets);
}

#[inline(never)]
fn measured(router: &Router, targets: &[(Method, String)]) {
    drive(router, targets, REQUESTS);
}
