//! `process_*` is what /proc says at the same moment.

use super::{nothing, types};
use tower_red::ProcessMetrics;

#[cfg(not(target_os = "linux"))]
#[test]
fn off_linux_there_are_none() {
    assert_eq!(
        nothing().collector(ProcessMetrics::new()).render().unwrap(),
        ""
    );
}

/// These are the names and types of all of Prometheus' clients; `tests/prometheus/check.py` compares them with its own.
#[cfg(target_os = "linux")]
#[test]
fn names_and_types_are_the_standard_ones() {
    let text = nothing().collector(ProcessMetrics::new()).render().unwrap();
    let expected = [
        "process_cpu_seconds_total counter",
        "process_open_fds gauge",
        "process_max_fds gauge",
        "process_resident_memory_bytes gauge",
        "process_start_time_seconds gauge",
        "process_threads gauge",
        "process_virtual_memory_bytes gauge",
        "process_virtual_memory_max_bytes gauge",
    ];
    assert_eq!(types(&text), expected);
}

#[cfg(target_os = "linux")]
mod on_linux {
    use super::*;
    use crate::process::scrape;
    use crate::support::{OPEN_METRICS, text};
    use std::{collections::BTreeMap, fs, thread, time::SystemTime};

    /// The kernel's unit of time for user space.
    const TICKS_PER_SECOND: f64 = 100.0;

    /// What /proc says, without the crate that reads it for the collector.
    fn proc() -> BTreeMap<&'static str, f64> {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        // After the name, which may have blanks: the third field of proc(5) and those that follow.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        let field = |number: usize| fields[number - 3].parse::<f64>().unwrap();
        let limits = fs::read_to_string("/proc/self/limits").unwrap();
        let limit = |name: &str| {
            let line = limits.lines().find_map(|line| line.strip_prefix(name));
            match line.unwrap().split_whitespace().next().unwrap() {
                "unlimited" => u64::MAX as f64,
                limit => limit.parse().unwrap(),
            }
        };
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
        let size = line.unwrap().trim().strip_suffix(" kB").unwrap();
        // Reading the folder opens one of them.
        let files = fs::read_dir("/proc/self/fd").unwrap().count() - 1;
        BTreeMap::from([
            (
                "process_cpu_seconds_total",
                (field(14) + field(15)) / TICKS_PER_SECOND,
            ),
            ("process_open_fds", files as f64),
            ("process_max_fds", limit("Max open files")),
            ("process_resident_memory_bytes", field(24) * 4096.0),
            ("process_threads", field(20)),
            (
                "process_virtual_memory_bytes",
                size.parse::<f64>().unwrap() * 1024.0,
            ),
            (
                "process_virtual_memory_max_bytes",
                limit("Max address space"),
            ),
        ])
    }

    #[test]
    fn every_figure_is_what_proc_says_before_and_after() {
        let exposition = nothing().collector(ProcessMetrics::new());
        // Other tests run beside this one: until there is a moment in which nothing changes.
        for _ in 0..100_000 {
            let before = proc();
            let scrape = scrape(&exposition);
            if before != proc() {
                continue;
            }
            for (name, value) in before {
                assert_eq!(scrape.get(name), value, "{name}");
            }
            return;
        }
        panic!("no two moments were the same");
    }

    #[test]
    fn the_start_is_that_of_the_process_and_stays() {
        let exposition = nothing().collector(ProcessMetrics::new());
        let start = || scrape(&exposition).get("process_start_time_seconds");
        let first = start();
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks: f64 = fields.split(' ').nth(22 - 3).unwrap().parse().unwrap();
        let age = uptime - ticks / TICKS_PER_SECOND;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let expected = now.unwrap().as_secs_f64() - age;
        // The kernel tells of its boot in whole seconds.
        assert!((first - expected).abs() < 2.0, "{first} {expected}");
        let other = nothing().collector(ProcessMetrics::new());
        let elsewhere = thread::spawn(move || scrape(&other).get("process_start_time_seconds"));
        assert_eq!(elsewhere.join().unwrap(), first);
        assert_eq!(start(), first);
    }

    #[tokio::test]
    async fn units_are_told_in_open_metrics() {
        let text = text(&nothing().collector(ProcessMetrics::new()), OPEN_METRICS).await;
        let units = text.lines().filter_map(|line| line.strip_prefix("# UNIT "));
        let expected = [
            "process_cpu_seconds seconds",
            "process_resident_memory_bytes bytes",
            "process_start_time_seconds seconds",
            "process_virtual_memory_bytes bytes",
            "process_virtual_memory_max_bytes bytes",
        ];
        assert_eq!(units.collect::<Vec<_>>(), expected);
    }
}
